// Versions of keys, and what takes two officers.

import { get, has, officers, post, postAs } from "./api.js";
import { $, ask, el, fill, say, state, time, word } from "./elements.js";
import { guarded } from "./guarded.js";

const ALL = ["admin", "auditor", "officer"];
const FIXED = ["card-id", "person-lookup", "province"];

export async function show() {
  const { keys } = await get("/keys", ...ALL);
  fill("#keys tbody", keys.map(row));
  const { requests } = await get("/key-requests", ...ALL);
  fill("#key-requests tbody", requests.reverse().map(request));
}

function row(key) {
  const actions = [];
  if (key.state === "active" && !FIXED.includes(key.purpose) && has("admin")) {
    actions.push(button(say("轮换", "Rotate"), () => rotate(key)));
  }
  if (key.state !== "revoked" && !FIXED.includes(key.purpose)) {
    for (const name of officers().slice(0, 1)) actions.push(button(say("申请吊销", "Propose revocation"), () => revoke(key, name)));
  }
  return el(
    "tr", { "data-purpose": key.purpose, "data-version": key.version },
    el("td", {}, word("purpose", key.purpose), " ", el("code", { class: "hint" }, key.purpose)), el("td", { class: "num" }, key.version),
    el("td", {}, state("key_state", key.state)), el("td", {}, time(key.created_ms)),
    el("td", {}, time(key.grace_until_ms)), el("td", { class: "num" }, actions),
  );
}

function request(it) {
  const open = it.state === "proposed";
  const others = open ? officers().filter((name) => name !== it.proposed_by) : [];
  const settle = (what, name) => async () => { await postAs(`/key-requests/${it.request_id}/${what}`, undefined, name); await show(); };
  const of = it.operation === "revoke-key" ? `${it.argument.purpose} v${it.argument.version}` : it.argument.root;
  return el(
    "tr", {},
    el("td", {}, el("code", {}, it.operation)), el("td", {}, of), el("td", {}, it.proposed_by),
    el("td", {}, time(it.proposed_ms)), el("td", {}, it.approved_by ?? "–"), el("td", {}, state("request_state", it.state)),
    el("td", { class: "num" },
      others.slice(0, 1).map((name) => button(say("批准", "Approve"), settle("approval", name))),
      open ? officers().slice(0, 1).map((name) => button(say("否决", "Reject"), settle("rejection", name))) : []),
  );
}

const button = (label, work) => el("button", { type: "button", class: "small", onclick: guarded(work) }, label);

async function rotate(key) {
  $("#grace-purpose").textContent = key.purpose;
  const said = await ask("#ask-grace");
  if (!said) return;
  await post(`/keys/${key.purpose}/rotation`, { grace_s: Number(said.grace) }, "admin");
  await show();
}

async function revoke(key, name) {
  const argument = { purpose: key.purpose, version: key.version };
  await postAs("/key-requests", { operation: "revoke-key", argument }, name);
  await show();
}
