// The one place where errors are told.

import { $, isChinese } from "./elements.js";

// Wraps what a button does: what goes wrong is shown above the panels.
export function guarded(work) {
  return async () => {
    const place = $("#error");
    place.hidden = true;
    try {
      await work();
    } catch (error) {
      place.textContent = error.code === "no_token" ? missing(error.message) : error.message;
      place.hidden = false;
    }
  };
}

function missing(roles) {
  return isChinese() ? `此页需要令牌：${roles}。请在右上角添加。` : `This needs a token: ${roles}. Add one at the top right.`;
}
