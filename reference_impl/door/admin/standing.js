// What may become of an institution, an application or a terminal, as buttons; each change wants a reason.

import { has, post } from "./api.js";
import { $, ask, el, say } from "./elements.js";
import { guarded } from "./guarded.js";

const NEXT = { applied: ["authorised", "deleted"], authorised: ["frozen", "deleted"], frozen: ["authorised", "deleted"], deleted: [] };
const VERBS = { authorised: ["授权", "Authorise"], frozen: ["冻结", "Freeze"], deleted: ["注销", "Delete"] };

// Buttons for whatever stands at `path` of the API; `shown` is called once something has changed.
export function changes(from, path, shown) {
  if (!has("admin")) return [];
  return NEXT[from].map((to) => {
    const change = guarded(async () => {
      $("#reason-title").replaceChildren(...say(...VERBS[to]));
      if (await ask("#ask-reason", ({ reason }) => post(`${path}/state`, { state: to, reason }, "admin"))) await shown();
    });
    return el("button", { type: "button", class: `small ${to === "deleted" ? "danger" : ""}`, onclick: change }, say(...VERBS[to]));
  });
}
