(function () {
  "use strict";
  var root = document.documentElement;
  var language = document.getElementById("language");
  language.hidden = false;
  language.addEventListener("click", function () {
    var english = root.classList.toggle("en");
    root.lang = english ? "en" : "zh-CN";
    language.textContent = english ? "中文" : "English";
    if (box) { box.placeholder = english ? box.dataset.en : box.dataset.zh; }
  });

  // The page was written on one day and is read on another: what has expired since is told as expired.
  var today = new Date(Date.now() + 8 * 3600e3).toISOString().slice(0, 10);
  document.querySelectorAll(".state[data-expires]").forEach(function (state) {
    if (state.dataset.state !== "withdrawn" && today > state.dataset.expires) {
      state.className = "state expired";
      state.dataset.state = "expired";
      state.querySelector(".zh").textContent = "已过期";
      state.querySelector(".en").textContent = "expired";
      var row = state.closest("tr");
      if (row) { row.dataset.state = "expired"; }
    }
  });

  var box = document.getElementById("words");
  if (box) {
    var chosen = document.getElementById("standing");
    var rows = Array.prototype.slice.call(document.querySelectorAll("tbody tr[data-text]"));
    var look = function () {
      var words = box.value.normalize("NFKC").toLowerCase().split(/\s+/).filter(Boolean);
      var left = rows.filter(function (row) {
        var found = (!chosen.value || row.dataset.state === chosen.value) && words.every(function (word) {
          return (row.dataset.text + " " + row.querySelector(".state").textContent).indexOf(word) >= 0;
        });
        row.hidden = !found;
        return found;
      });
      document.getElementById("none").hidden = left.length > 0;
      document.querySelectorAll(".count").forEach(function (count) { count.textContent = left.length; });
    };
    box.addEventListener("input", look);
    chosen.addEventListener("change", look);
    box.value = new URLSearchParams(location.search).get("q") || "";
    document.querySelector(".search").hidden = false;
    look();
  }

  // The code on the paper carries its edition and the digest of its evidence; evidence alone is of the first that had it.
  var match = document.getElementById("match");
  var query = new URLSearchParams(location.search);
  var carried = query.get("m");
  if (match && carried) {
    var known = match.dataset.known.split(" ");
    var place = query.has("e") ? Number(query.get("e")) - 1 : known.indexOf(carried.toLowerCase());
    var found = known[place] !== carried.toLowerCase() ? "no" : place < known.length - 1 ? "old" : "yes";
    match.querySelectorAll(".edition").forEach(function (text) { text.textContent = place + 1; });
    match.classList.add(found);
    match.querySelectorAll("[data-same]").forEach(function (text) { text.hidden = text.dataset.same !== found; });
    match.hidden = false;
  }
}());
