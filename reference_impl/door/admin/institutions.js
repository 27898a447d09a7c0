// Institutions, and the chosen one with its state, its trace and its applications.

import { READERS, get, has } from "./api.js";
import { applications, goTo } from "./applications.js";
import { $, el, fill, state, time, word } from "./elements.js";
import * as enrolment from "./enrolment.js";
import { guarded } from "./guarded.js";
import { changes } from "./standing.js";

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
    el("td", {}, el("button", { type: "button", class: "plain" }, el("code", {}, it.org_code))), el("td", {}, it.name), el("td", {}, word("level", it.level)), el("td", {}, word("ownership", it.ownership)),
    el("td", {}, word("prefecture", it.prefecture)), el("td", {}, state("standing", it.state)),
  );
}

async function open(orgCode, wanted = {}) {
  chosen = orgCode;
  for (const line of document.querySelectorAll("#institutions tr.pick")) {
    line.classList.toggle("chosen", line.dataset.org === orgCode);
  }
  const base = `/institutions/${encodeURIComponent(orgCode)}`;
  const it = await get(base, ...READERS);
  const again = async (more) => {
    await open(orgCode, more);
    goTo(more.app);
  };
  const apps = await applications(it, wanted, again);
  // Whoever has chosen another institution meanwhile shall see that one.
  if (chosen !== orgCode) return;
  fill("#institution", [
    el("div", { class: "head" }, el("h2", {}, it.name), el("div", { class: "row" }, state("standing", it.state), changes(it.state, base, show))),
    el("p", { class: "facts" }, el("code", {}, it.org_code), el("span", {}, word("level", it.level)), el("span", {}, word("kind", it.kind)), el("span", {}, word("ownership", it.ownership)), el("span", {}, word("prefecture", it.prefecture))),
    trace(it.trace),
    ...apps,
  ]);
}

function trace(entries) {
  return el("ul", { class: "trace" }, entries.slice(0, 5).map((it) => el(
    "li", {}, `${time(it.at_ms)} · `, word("standing", it.new_state), ` · ${it.actor} · ${it.reason}`,
  )));
}

export function prepare() {
  enrolment.prepare();
  $("#new-institution").onclick = guarded(async () => {
    const made = await enrolment.newInstitution();
    if (!made) return;
    chosen = made.org_code;
    await show();
  });
}
