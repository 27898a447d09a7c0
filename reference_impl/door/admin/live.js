// Operations as they happen, the newest on top, with the last minute in figures.

import { has, stream } from "./api.js";
import { $, el, fill, outcome, say, time } from "./elements.js";
import { line } from "./plots.js";

const ROWS = 200;
const SECONDS = 60;
let watching = null;
let paused = false;
let recent = [];

export async function show() {
  if (watching || !has("auditor")) return;
  const controller = new AbortController();
  watching = controller;
  try {
    await stream("/live", take, controller.signal, "auditor");
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  } finally {
    watching = null;
  }
}

export function hide() {
  watching?.abort();
}

function take(entries) {
  const now = Date.now();
  recent.push(...entries.map((entry) => ({ at: now, ok: entry.outcome === "000", verify: entry.op === "ehc.ehealthcode.verify" })));
  recent = recent.filter((entry) => now - entry.at < SECONDS * 1000);
  tiles(now);
  if (paused || !entries.length) return;
  const body = $("#live tbody");
  body.prepend(...entries.reverse().map(row));
  while (body.rows.length > ROWS) body.deleteRow(-1);
}

function row(it) {
  return el(
    "tr", {},
    el("td", {}, time(it.at_ms)), el("td", {}, el("code", {}, it.op)), el("td", {}, it.org_code || "–"),
    el("td", {}, it.term_id || "–"), el("td", {}, it.card ? el("code", {}, `${it.card}…`) : "–"), el("td", {}, outcome(it.outcome)),
  );
}

function tiles(now) {
  const perSecond = Array.from({ length: SECONDS }, () => 0);
  for (const entry of recent) perSecond[SECONDS - 1 - Math.min(SECONDS - 1, Math.floor((now - entry.at) / 1000))] += 1;
  const verified = recent.filter((entry) => entry.verify);
  const good = verified.filter((entry) => entry.ok).length;
  const share = verified.length ? `${((100 * good) / verified.length).toFixed(1)} %` : "–";
  fill("#live-tiles", [
    el("div", { class: "tile" }, el("span", { class: "hint" }, say("最近60秒操作数", "operations in the last 60 s")), el("b", {}, recent.length), line(perSecond)),
    el("div", { class: "tile" }, el("span", { class: "hint" }, say("最近60秒验码数", "codes verified in the last 60 s")), el("b", {}, verified.length)),
    el("div", { class: "tile" }, el("span", { class: "hint" }, say("验码通过率", "of them accepted")), el("b", {}, share)),
  ]);
}

export function prepare() {
  tiles(Date.now());
  $("#pause").onclick = () => {
    paused = !paused;
    $("#pause").replaceChildren(...(paused ? say("继续", "Go on") : say("暂停", "Pause")));
  };
}
