// Institutions, their applications, the terminals of those; each with its state and what may become of it.

import { get, has, post } from "./api.js";
import { $, ask, el, fill, say, state, time, word } from "./elements.js";
import { guarded } from "./guarded.js";

const READERS = ["admin", "auditor"];
const NEXT = { applied: ["authorised", "deleted"], authorised: ["frozen", "deleted"], frozen: ["authorised", "deleted"], deleted: [] };
const VERBS = { authorised: say("授权", "Authorise"), frozen: say("冻结", "Freeze"), deleted: say("注销", "Delete") };
let chosen = null;

export async function show() {
  $("#new-institution").hidden = !has("admin");
  fill("#institutions tbody", []);
  await more("");
  if (chosen) await open(chosen);
}

async function more(after) {
  const page = await get(`/institutions?limit=50&after=${encodeURIComponent(after)}`, ...READERS);
  $("#institutions tbody").append(...page.institutions.map(row));
  const button = $("#more-institutions");
  button.hidden = page.next == null;
  button.onclick = guarded(() => more(page.next));
}

function row(it) {
  const choose = guarded(() => open(it.org_code));
  return el(
    "tr", { class: `pick ${it.org_code === chosen ? "chosen" : ""}`, "data-org": it.org_code, onclick: choose },
    el("td", {}, el("code", {}, it.org_code)), el("td", {}, it.name), el("td", {}, word("level", it.level)), el("td", {}, word("ownership", it.ownership)),
    el("td", {}, word("prefecture", it.prefecture)), el("td", {}, state("standing", it.state)),
  );
}

async function open(orgCode) {
  chosen = orgCode;
  for (const line of document.querySelectorAll("#institutions tr.pick")) {
    line.classList.toggle("chosen", line.dataset.org === orgCode);
  }
  const base = `/institutions/${encodeURIComponent(orgCode)}`;
  const [it, page] = await Promise.all([get(base, ...READERS), get(`${base}/apps?limit=50`, ...READERS)]);
  const lists = await Promise.all(page.apps.map((app) => get(`/apps/${app.app_id}/terminals?limit=200`, ...READERS)));
  fill("#institution", [
    el("div", { class: "head" }, el("h2", {}, it.name), el("div", {}, state("standing", it.state), " ", changes(it.state, base))),
    el("p", { class: "facts" }, el("code", {}, it.org_code), el("span", {}, word("level", it.level)), el("span", {}, word("kind", it.kind)), el("span", {}, word("ownership", it.ownership)), el("span", {}, word("prefecture", it.prefecture))),
    trace(it.trace),
    ...page.apps.map((app, index) => application(app, lists[index].terminals)),
  ]);
}

function application(app, terminals) {
  const base = `/apps/${encodeURIComponent(app.app_id)}`;
  return el(
    "div", { class: "app" },
    el("div", { class: "head" }, el("h3", {}, app.name), el("div", {}, state("standing", app.state), " ", changes(app.state, `${base}`))),
    el("p", { class: "facts" }, el("code", {}, app.app_id), el("span", {}, app.dialect), el("span", {}, app.scopes.join(" · "))),
    el("div", { class: "scroll" }, el(
      "table", {},
      el("thead", {}, el("tr", {}, ...[say("终端", "Terminal"), say("类型", "Type"), say("序列号", "Serial"), say("状态", "State"), []].map((head) => el("th", {}, head)))),
      el("tbody", {}, terminals.map((it) => el(
        "tr", {}, el("td", {}, el("code", {}, it.term_id)), el("td", {}, it.terminal_type), el("td", {}, it.serial),
        el("td", {}, state("standing", it.state)), el("td", { class: "num" }, changes(it.state, `${base}/terminals/${encodeURIComponent(it.term_id)}`)),
      ))),
    )),
  );
}

function changes(from, path) {
  if (!has("admin")) return [];
  return NEXT[from].map((to) => {
    const change = guarded(async () => {
      $("#reason-title").replaceChildren(...VERBS[to].map((node) => node.cloneNode(true)));
      const said = await ask("#ask-reason");
      if (!said) return;
      await post(`${path}/state`, { state: to, reason: said.reason }, "admin");
      await show();
    });
    const label = VERBS[to].map((node) => node.cloneNode(true));
    return el("button", { type: "button", class: `small ${to === "deleted" ? "danger" : ""}`, onclick: change }, label);
  });
}

function trace(entries) {
  return el("ul", { class: "trace" }, entries.slice(0, 5).map((it) => el(
    "li", {}, `${time(it.at_ms)} · `, word("standing", it.new_state), ` · ${it.actor} · ${it.reason}`,
  )));
}

export function prepare() {
  $("#new-institution").onclick = guarded(async () => {
    const said = await ask("#ask-institution");
    if (!said) return;
    chosen = (await post("/institutions", said, "admin")).org_code;
    await show();
  });
}
