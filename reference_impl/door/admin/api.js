// The platform's API as this page uses it. Tokens live in this module's memory and nowhere else.

const BASE = "/api/v1";
export const READERS = ["admin", "auditor"]; // who may see institutions
const holders = new Map(); // name -> { role, token }

export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `HTTP ${status}`);
    this.status = status;
    this.code = problem.code;
  }
}

// Finds out whose token this is and keeps it; returns the holder's name.
export async function signIn(token) {
  const { name, role } = await sent("GET", "/me", token);
  holders.set(name, { role, token });
  return name;
}

export const signOut = (name) => holders.delete(name);
export const names = () => [...holders.keys()];
export const has = (...roles) => [...holders.values()].some((holder) => roles.includes(holder.role));
export const officers = () => [...holders].filter(([, holder]) => holder.role === "officer").map(([name]) => name);

function tokenOf(roles, name) {
  if (name) return holders.get(name)?.token;
  for (const role of roles) {
    for (const holder of holders.values()) if (holder.role === role) return holder.token;
  }
  throw new Refused(403, { code: "no_token", detail: roles.join(" / ") });
}

async function answered(response) {
  if (response.ok) return response;
  throw new Refused(response.status, await response.json().catch(() => ({})));
}

async function sent(method, path, token, body) {
  const headers = { Authorization: `Bearer ${token}` };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const options = { method, headers, body: body === undefined ? undefined : JSON.stringify(body), cache: "no-store" };
  return (await answered(await fetch(BASE + path, options))).json();
}

export const get = (path, ...roles) => sent("GET", path, tokenOf(roles));
export const post = (path, body, ...roles) => sent("POST", path, tokenOf(roles), body);
export const postAs = (path, body, name) => sent("POST", path, tokenOf([], name), body);

// Calls `take` with the data of each server-sent event until `signal` ends it or the stream does.
export async function stream(path, take, signal, ...roles) {
  const headers = { Authorization: `Bearer ${tokenOf(roles)}` };
  const response = await answered(await fetch(BASE + path, { headers, signal, cache: "no-store" }));
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const events = (held + value).split("\n\n");
    held = events.pop();
    for (const event of events) if (event.startsWith("data: ")) take(JSON.parse(event.slice(6)));
  }
}
