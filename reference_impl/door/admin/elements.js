// Building pieces of the page. Text only ever becomes text nodes, so nothing that was stored can become markup.

const SVG = "http://www.w3.org/2000/svg";
const words = JSON.parse(document.getElementById("words").textContent);

export const $ = (selector) => document.querySelector(selector);
export const isChinese = () => document.documentElement.lang === "zh-CN";

export function el(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

export function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value === true) node.setAttribute(key, "");
    else if (value !== false && value != null) node.setAttribute(key, value);
  }
  node.append(...children.flat().filter((child) => child != null));
  return node;
}

// A text in both languages; the style shows one of them.
export function say(zh, en) {
  return [el("span", { lang: "zh-CN" }, zh), el("span", { lang: "en" }, en)];
}

// What a code is called; a code without a word is shown as it is.
export function word(table, code) {
  const known = words[table]?.[code];
  return known ? say(...known) : [String(code ?? "–")];
}

// The same as plain text in the present language, for places that hold no markup.
export function plainWord(table, code) {
  const known = words[table]?.[code];
  return known ? known[isChinese() ? 0 : 1] : String(code ?? "–");
}

const TONES = {
  authorised: "good", active: "good", done: "good", applied: "wait", grace: "wait", proposed: "wait",
  frozen: "bad", revoked: "bad", rejected: "bad",
};

export function state(table, code) {
  return el("span", { class: `state ${TONES[code] ?? ""}` }, word(table, code));
}

export function outcome(code) {
  return el("span", { class: `state ${code === "000" ? "good" : "bad"}`, title: code }, word("outcome", code));
}

// The platform counts its days in China's time, so its times are told in it too, wherever the page is read.
export function time(ms) {
  if (ms == null) return "–";
  return new Date(ms + 8 * 3_600_000).toISOString().slice(0, 19).replace("T", " ");
}

export function fill(selector, rows) {
  $(selector).replaceChildren(...rows);
}

// Opens a dialog; resolves to what `work` makes of its fields, or to null where it was cancelled. While `work` fails
// the dialog stays open and says why, so that nobody has to write everything again.
export function ask(selector, work = (said) => said) {
  const dialog = $(selector);
  const form = dialog.querySelector("form");
  const told = form.querySelector(".error");
  for (const option of form.querySelectorAll("option")) option.textContent = isChinese() ? option.dataset.zh : option.dataset.en;
  let made = null;
  let working = null;
  const done = async () => {
    told?.replaceChildren();
    try {
      made = await work(fields(form));
      dialog.close();
    } catch (error) {
      told.textContent = error.message;
    } finally {
      working = null;
    }
  };
  form.onsubmit = (event) => {
    if (event.submitter.value !== "ok") return;
    event.preventDefault();
    working ??= done();
  };
  told?.replaceChildren();
  dialog.showModal();
  return new Promise((resolve) => {
    const closed = async () => {
      // What was asked for before the dialog was closed is done all the same.
      await working;
      form.reset();
      resolve(made);
    };
    dialog.addEventListener("close", closed, { once: true });
  });
}

// The fields of a form by name; of boxes to tick, the values that are ticked.
function fields(form) {
  const said = new FormData(form);
  const boxes = [...form.querySelectorAll("input[type=checkbox]")].map((box) => [box.name, said.getAll(box.name)]);
  return { ...Object.fromEntries(said), ...Object.fromEntries(boxes) };
}
