// Operations as they happen, the newest on top, with the last minute in figures.

import { stream } from "./api.js";
import { $, el, fill, outcome, say, time } from "./elements.js";
import { line } from "./plots.js";

const ROWS = 200;
const SECONDS = 60;
let watching = null;
let begun = 0;
let paused = false;
let recent = [];

export async function show() {
  if (watching) return;
  const controller = new AbortController();
  watching = controller;
  recent = [];
  begun = Date.now();
  try {
    await stream("/live", take, controller.signal, "auditor");
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  } finally {
    if (watching === controller) hide();
  }
}

// Whoever shows the panel again before the old stream has ended gets a new one.
export function hide() {
  watching?.abort();
  watching = null;
  unknown();
}

function take({ entries, ...counts }) {
  const now = Date.now();
  recent.push({ at: now, ...counts });
  recent = recent.filter((tick) => now - tick.at < SECONDS * 1000);
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

// Nobody has counted before the panel was opened, so the time the figures are of grows up to a minute.
function tiles(now) {
  const seconds = Math.max(1, Math.min(SECONDS, Math.round((now - begun) / 1000)));
  const sum = (name) => recent.reduce((total, tick) => total + tick[name], 0);
  const perSecond = Array.from({ length: SECONDS }, () => 0);
  for (const tick of recent) perSecond[SECONDS - 1 - Math.min(SECONDS - 1, Math.floor((now - tick.at) / 1000))] += tick.operations;
  const verified = sum("verified");
  tell(seconds, [sum("operations"), verified, verified ? `${((100 * sum("accepted")) / verified).toFixed(1)} %` : "–"], perSecond);
}

const unknown = () => tell(SECONDS, ["–", "–", "–"], Array.from({ length: SECONDS }, () => 0));

function tell(seconds, [operations, verified, share], perSecond) {
  const tile = (label, figure, ...more) => el("div", { class: "tile" }, el("span", { class: "hint" }, label), el("b", {}, figure), ...more);
  fill("#live-tiles", [
    tile(say(`最近${seconds}秒操作数`, `operations in the last ${seconds} s`), operations, line(perSecond)),
    tile(say(`最近${seconds}秒验码数`, `codes verified in the last ${seconds} s`), verified),
    tile(say("验码通过率", "of them accepted"), share),
  ]);
}

export function prepare() {
  unknown();
  $("#pause").onclick = () => {
    paused = !paused;
    $("#pause").replaceChildren(...(paused ? say("继续", "Go on") : say("暂停", "Pause")));
  };
}
