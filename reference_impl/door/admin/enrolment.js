// Enrolling institutions, applications and terminals, and the one moment in which a secret is shown.

import { post } from "./api.js";
import { $, ask, say } from "./elements.js";

const SIGNING = "hn-s";

export const newInstitution = () => ask("#ask-institution", (said) => post("/institutions", said, "admin"));

// Resolves to the new application once its secret was seen, or to null.
export async function newApplication(institution) {
  const dialect = $("#ask-application [name=dialect]");
  const key = $("#ask-application [name=public_key]");
  const fit = () => {
    key.required = dialect.value === SIGNING;
    key.disabled = !key.required;
    $("#application-key").hidden = key.disabled;
  };
  dialect.onchange = fit;
  fit();
  $("#application-of").textContent = institution.name;
  const made = await ask("#ask-application", ({ scopes, ...said }) => (
    post(`/institutions/${encodeURIComponent(institution.org_code)}/apps`, { ...said, ...(scopes.length ? { scopes } : {}) }, "admin")
  ));
  if (made) await showSecret(made);
  return made;
}

export function newTerminal(app) {
  $("#terminal-of").textContent = app.name;
  return ask("#ask-terminal", (said) => post(`/apps/${encodeURIComponent(app.app_id)}/terminals`, said, "admin"));
}

// The form forgets both when it is closed.
async function showSecret(app) {
  $("#secret-app").value = app.app_id;
  $("#secret-value").value = app.app_secret;
  $("#secret-copied").replaceChildren();
  await ask("#show-secret");
}

export function prepare() {
  // Nothing brings the secret back, so that a slip of the finger must not take it away.
  $("#show-secret").addEventListener("keydown", (event) => {
    if (event.key === "Escape") event.preventDefault();
  });
  $("#secret-copy").onclick = async () => {
    const secret = $("#secret-value");
    secret.select();
    try {
      await navigator.clipboard.writeText(secret.value);
      $("#secret-copied").replaceChildren(...say("已复制。", "Copied."));
    } catch {
      $("#secret-copied").replaceChildren(...say("已选中，请用 Ctrl+C 复制。", "Selected; copy it with Ctrl+C."));
    }
  };
}
