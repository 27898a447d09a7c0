(function () {
  "use strict";
  var root = document.documentElement;
  var button = document.getElementById("language");
  var titles = { zh: document.title, en: button.dataset.title };

  function speak(english) {
    root.classList.toggle("en", english);
    root.lang = english ? "en" : "zh-CN";
    document.title = english ? titles.en : titles.zh;
    button.textContent = english ? "中文" : "English";
    button.lang = english ? "zh-CN" : "en";
    document.querySelectorAll("[data-zh]").forEach(function (element) {
      element.setAttribute(element.dataset.name, english ? element.dataset.en : element.dataset.zh);
    });
  }
  button.addEventListener("click", function () { speak(!root.classList.contains("en")); });
  speak(false);
  button.hidden = false;

  function reveal() {
    var target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) { return; }
    for (var fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) { fold.open = true; }
    target.scrollIntoView();
  }
  window.addEventListener("hashchange", reveal);
  reveal();

  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") { return; }
    document.querySelectorAll("details.picture[open]").forEach(function (picture) { picture.open = false; });
  });

  var opened = [];
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("details.picture[open]").forEach(function (picture) { picture.open = false; });
    opened = Array.prototype.slice.call(document.querySelectorAll("details.printed:not([open])"));
    opened.forEach(function (fold) { fold.open = true; });
  });
  window.addEventListener("afterprint", function () {
    opened.forEach(function (fold) { fold.open = false; });
  });
}());
