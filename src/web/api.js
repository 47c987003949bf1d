// api.js - talking to `gavel web`. The session is kept for this tab alone, and
// goes nowhere but in a header to this address.

const KEY = "gavel-session";
let session = sessionStorage.getItem(KEY) ?? "";

export class Refused extends Error {
  constructor(status, error, warnings) {
    super(error?.message ?? `the wallet answered ${status}`);
    this.status = status;
    this.code = error?.code;
    this.data = error?.data;
    this.warnings = warnings ?? [];
  }
}

// Whole numbers that a float cannot hold stay texts.
function exact(_key, value, context) {
  return typeof value === "number" && !Number.isSafeInteger(value) && Number.isInteger(value) && context?.source
    ? context.source : value;
}

async function send(method, path, body) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: { "X-Gavel-Session": session, ...(body ? { "Content-Type": "application/json" } : {}) },
      body: body ? JSON.stringify(body) : undefined,
    });
  } catch {
    throw new Refused(0, { message: "gavel web does not answer: was it ended?" });
  }
  const text = await response.text();
  let answer = null;
  try { answer = JSON.parse(text, exact); } catch { /* told below */ }
  if (!response.ok) throw new Refused(response.status, answer?.error ?? { message: text.trim() });
  return answer;
}

export async function login(token) {
  const answer = await send("POST", "/api/login", { token });
  session = answer.session;
  sessionStorage.setItem(KEY, session);
}

export const hasSession = () => session !== "";
export const forget = () => { session = ""; sessionStorage.removeItem(KEY); };
export const wallet = () => send("GET", "/api/wallet");
export const progress = () => send("GET", "/api/progress");

// Run a command: {result, files, warnings}, or throws Refused.
export async function call(name, { args = [], options = {}, texts = {} } = {}) {
  const answer = await send("POST", "/api/call", { call: name, arguments: args, options, texts });
  if (answer.error) throw new Refused(200, answer.error, answer.warnings);
  return answer;
}

export const ask = async (name, what) => (await call(name, what)).result;

// The same for what takes a while: tells step by step what is done.
export async function callSlowly(name, what, tell) {
  let done = false;
  const watch = async () => {
    while (!done) {
      await new Promise((r) => setTimeout(r, 400));
      if (done) return;
      try {
        const p = await progress();
        if (!done && p.busy) tell(p.call === name && p.step ? `${p.step[0].toUpperCase()}${p.step.slice(1)} …` : "Working …", p);
      } catch { /* the call itself will say it */ }
    }
  };
  watch();
  try {
    return await call(name, what);
  } finally {
    done = true;
  }
}
