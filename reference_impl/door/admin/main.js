// The page as a whole: signing in, tabs, language.

import { names, signIn, signOut } from "./api.js";
import { $, el, fill, isChinese } from "./elements.js";
import { guarded } from "./guarded.js";
import * as institutions from "./institutions.js";
import * as keys from "./keys.js";
import * as live from "./live.js";
import * as statistics from "./statistics.js";

const PANELS = { institutions, keys, live, statistics };
let present = "institutions";

function open(tab) {
  PANELS[present].hide?.();
  present = tab;
  for (const button of document.querySelectorAll("[data-tab]")) button.setAttribute("aria-selected", String(button.dataset.tab === tab));
  for (const panel of document.querySelectorAll("[data-panel]")) panel.hidden = panel.dataset.panel !== tab;
  return guarded(PANELS[tab].show)();
}

function showSignIn(open) {
  $("#sign-in").hidden = !open;
  $("#main").hidden = open;
  $("#token-close").hidden = !names().length;
  $("#token-error").textContent = "";
  if (open) $("#token").focus();
}

function showHolders() {
  const chips = names().map((name) => el("button", { type: "button", class: "small", title: "×", onclick: () => leave(name) }, `${name} ×`));
  if (chips.length) chips.push(el("button", { type: "button", class: "small", id: "add-token", onclick: () => showSignIn(true) }, "+"));
  fill("#holders", chips);
}

function leave(name) {
  signOut(name);
  showHolders();
  if (names().length) open(present);
  else {
    PANELS[present].hide?.();
    showSignIn(true);
  }
}

$("#token-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const token = $("#token").value.trim();
  $("#token").value = "";
  try {
    await signIn(token);
  } catch (error) {
    $("#token-error").textContent = error.status === 401 ? (isChinese() ? "令牌无效。" : "This token is not known.") : error.message;
    return;
  }
  showHolders();
  showSignIn(false);
  await open(present);
});

$("#token-close").onclick = () => showSignIn(false);
$("#language").onclick = () => {
  document.documentElement.lang = isChinese() ? "en" : "zh-CN";
  $("#language").textContent = isChinese() ? "English" : "中文";
  if (!$("#main").hidden && present === "statistics") guarded(statistics.show)();
};
for (const button of document.querySelectorAll("[data-tab]")) button.onclick = () => open(button.dataset.tab);
for (const panel of Object.values(PANELS)) panel.prepare?.();

fetch("/health").then((answer) => answer.json()).then((health) => {
  $("#deployment").textContent = `${health.version} · ${health.deployment}${health.strict ? ` · strict ${health.strict.share}` : ""}`;
});
showSignIn(true);
