// The figures of a period, each drawn, tabled, and told how it was counted.

import { get } from "./api.js";
import { $, el, fill, isChinese, plainWord, say, word } from "./elements.js";
import { guarded } from "./guarded.js";
import { bars, columns, named } from "./plots.js";

const SCOPES = { kpi: ["二级及以上公立医院", "public hospitals, 2+"], all: ["全部机构", "all institutions"] };
const scope = (row) => SCOPES[row.scope]?.[isChinese() ? 0 : 1] ?? row.scope;
const institution = (row) => row.name || row.org_code;
const said = (column) => (row) => (row[column] ? plainWord(column, row[column]) : isChinese() ? "未报" : "not said");
const TARGET = 0.8;

const PLOTS = {
  issued_by_channel: (rows) => bars(rows, { name: named("channel", "channel"), value: "cards" }),
  issued_by_day: (rows) => columns(rows, "day", "cards"),
  issued_by_prefecture: (rows) => bars(rows, { name: named("prefecture", "prefecture"), value: "cards" }),
  cards_by_state: (rows) => bars(rows, { name: named("card_state", "state"), value: "cards" }),
  verifications_by_step: (rows) => bars(rows, { name: said("step"), value: "verifications" }),
  verifications_by_channel: (rows) => bars(rows, { name: said("channel"), value: "verifications" }),
  verifications_by_outcome: (rows) => bars(rows, { name: named("outcome", "outcome"), value: "verifications" }),
  verifications_by_institution: (rows) => bars(rows, { name: institution, value: "verifications" }),
  use_by_step: (rows) => bars(rows, { name: named("step", "step"), value: "reports" }),
  use_by_channel: (rows) => bars(rows, { name: named("channel", "channel"), value: "reports" }),
  use_by_scene: (rows) => bars(rows, { name: said("scene"), value: "reports" }),
  use_through_filed_terminals: (rows) => bars(rows, { name: institution, value: "filed_share", share: true }),
  share_by_hospital: (rows) => bars(rows, { name: (row) => row.name, value: "visit_share", share: true, target: TARGET }),
  share_total: (rows) => bars(rows, { name: scope, value: "person_share", share: true, target: TARGET }),
};
const FIRST = ["share_total", "issued_by_day"];

export async function show() {
  const said = Object.fromEntries([...new FormData($("#period"))].filter(([, value]) => value));
  const { figures } = await get(`/statistics?${new URLSearchParams(said)}`, "admin", "auditor");
  const rank = (figure) => (FIRST.includes(figure.name) ? FIRST.indexOf(figure.name) : FIRST.length);
  fill("#figures", figures.sort((a, b) => rank(a) - rank(b)).map(sheet));
}

function sheet(figure) {
  const { rows } = figure;
  const plot = rows.length ? (PLOTS[figure.name]?.(rows) ?? null) : el("p", { class: "empty" }, say("期间内没有数据", "nothing in this period"));
  return el(
    "article", { class: "sheet", "data-figure": figure.name },
    el("div", { class: "head" }, el("h2", {}, say(figure.title.zh, figure.title.en))),
    plot,
    el("details", {}, el("summary", {}, say("口径与数据", "Definition and numbers")), el("p", {}, say(figure.definition.zh, figure.definition.en)), rows.length ? table(rows) : null),
  );
}

function table(rows) {
  const columnsOf = Object.keys(rows[0]);
  const cell = (column, value) => {
    if (typeof value !== "number") return el("td", {}, value ?? "–");
    return el("td", { class: "num" }, column.endsWith("share") ? `${(100 * value).toFixed(1)} %` : value);
  };
  return el("div", { class: "scroll" }, el(
    "table", {},
    el("thead", {}, el("tr", {}, columnsOf.map((column) => el("th", {}, word("column", column))))),
    el("tbody", {}, rows.map((row) => el("tr", {}, columnsOf.map((column) => cell(column, row[column]))))),
  ));
}

export function prepare() {
  $("#period").addEventListener("submit", (event) => {
    event.preventDefault();
    guarded(show)();
  });
}
