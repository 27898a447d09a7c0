// An institution's applications with their terminals, page by page, and what enrols more of them.

import { READERS, get, has } from "./api.js";
import { $, el, say, state, word } from "./elements.js";
import { newApplication, newTerminal } from "./enrolment.js";
import { guarded } from "./guarded.js";
import { changes } from "./standing.js";

const SOME_APPS = 20; // the terminals of each are asked for one by one
const SOME_TERMINALS = 50;
const HEADS = [["终端", "Terminal"], ["类型", "Type"], ["序列号", "Serial"], ["备案号", "Filing number"], ["状态", "State"], ["", ""]];

// `wanted` names an application and a terminal that shall be among what is shown; `again` shows it all anew with such.
export async function applications(institution, wanted, again) {
  const base = `/institutions/${encodeURIComponent(institution.org_code)}/apps`;
  const enrol = async () => {
    const made = await newApplication(institution);
    if (made) await again({ app: made.app_id });
  };
  const place = el("div");
  const found = () => !wanted.app || [...place.children].some((it) => it.dataset.app === wanted.app);
  const rows = ({ apps }) => Promise.all(apps.map((app) => application(app, app.app_id === wanted.app ? wanted : {}, again)));
  const more = await paged(place, base, SOME_APPS, rows, found);
  const head = el("div", { class: "head apps" }, el("h3", {}, say("应用", "Applications")), enrolling(institution, say("登记应用", "New application"), enrol));
  return [head, place, el("div", {}, more)];
}

// Puts the focus where the next terminal of an application is enrolled.
export function goTo(appId) {
  [...document.querySelectorAll("[data-app]")].find((it) => it.dataset.app === appId)?.querySelector(".enrol")?.focus();
}

async function application(app, wanted, again) {
  const path = `/apps/${encodeURIComponent(app.app_id)}`;
  const enrol = async () => {
    const made = await newTerminal(app);
    if (made) await again({ app: app.app_id, terminal: made.term_id });
  };
  const body = el("tbody");
  const found = () => !wanted.terminal || [...body.rows].some((it) => it.dataset.terminal === wanted.terminal);
  const rows = ({ terminals }) => terminals.map((it) => terminal(it, app, again));
  const more = await paged(body, `${path}/terminals`, SOME_TERMINALS, rows, found);
  const scopes = app.scopes.flatMap((scope, index) => [index ? " · " : "", ...word("scope", scope)]);
  return el(
    "div", { class: "app", "data-app": app.app_id },
    el("div", { class: "head" }, el("h3", {}, app.name), el("div", { class: "row" }, state("standing", app.state), changes(app.state, path, () => again({ app: app.app_id })))),
    el("p", { class: "facts" }, el("code", {}, app.app_id), el("span", {}, word("dialect", app.dialect)), el("span", {}, scopes)),
    el("div", { class: "scroll" }, el("table", {}, el("thead", {}, el("tr", {}, HEADS.map((head) => el("th", {}, say(...head))))), body)),
    el("div", { class: "row" }, more, enrolling(app, say("登记终端", "New terminal"), enrol)),
  );
}

function terminal(it, app, again) {
  const path = `/apps/${encodeURIComponent(app.app_id)}/terminals/${encodeURIComponent(it.term_id)}`;
  return el(
    "tr", { "data-terminal": it.term_id },
    el("td", {}, el("code", {}, it.term_id)), el("td", {}, word("terminal_type", it.terminal_type)), el("td", {}, it.serial),
    el("td", {}, it.filing_number), el("td", {}, state("standing", it.state)),
    el("td", { class: "num" }, changes(it.state, path, () => again({ app: app.app_id, terminal: it.term_id }))),
  );
}

function enrolling(owner, label, work) {
  if (!has("admin") || owner.state === "deleted") return null;
  return el("button", { type: "button", class: "small enrol", onclick: guarded(work) }, label);
}

// Fills `place` with the rows of a page, and of those that follow until what is wanted is `found`; returns the button
// that brings the next one, or null where there is none.
async function paged(place, path, some, rows, found) {
  const button = el("button", { type: "button", class: "quiet small more" }, say("更多", "More"));
  const next = async (after) => {
    const page = await get(`${path}?limit=${some}&after=${encodeURIComponent(after)}`, ...READERS);
    place.append(...await rows(page));
    button.hidden = page.next == null;
    button.onclick = guarded(() => next(page.next));
    if (page.next != null && !found()) await next(page.next);
  };
  await next("");
  return button.hidden ? null : button;
}
