// format.js - amounts, times and ids for people.

// Minor units, a number or a decimal string, as "12.50 EUR".
export function money(minor, unit) {
  const digits = BigInt(minor ?? 0).toString().padStart(unit.exponent + 1, "0");
  const at = digits.length - unit.exponent;
  const whole = digits.slice(0, at).replace(/\B(?=(\d{3})+$)/g, "\u202f");
  return `${whole}${unit.exponent ? `.${digits.slice(at)}` : ""}\u00a0${unit.currency}`;
}

// The same without currency and groups, for a field of a form.
export function plain(minor, unit) {
  const digits = BigInt(minor ?? 0).toString().padStart(unit.exponent + 1, "0");
  const at = digits.length - unit.exponent;
  return `${digits.slice(0, at)}${unit.exponent ? `.${digits.slice(at)}` : ""}`;
}

const LOCAL = new Intl.DateTimeFormat("en-GB", {
  year: "numeric", month: "short", day: "numeric",
  hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short",
});
const CLOCK = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3,
});

// A time in this browser's zone, which it names; UTC where one points at it.
export function when(us) {
  const date = new Date(Number(us) / 1000);
  const element = document.createElement("time");
  element.dateTime = date.toISOString();
  element.title = date.toISOString().replace("T", " ").replace("Z", " UTC");
  element.textContent = LOCAL.format(date);
  return element;
}

// The same to the millisecond, for the order of bids.
export function exactly(us) {
  const element = when(us);
  const date = new Date(Number(us) / 1000);
  const today = new Date().toDateString() === date.toDateString();
  if (today) element.textContent = CLOCK.format(date);
  return element;
}

export function duration(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  const parts = [[Math.floor(s / 86400), "d"], [Math.floor(s / 3600) % 24, "h"], [Math.floor(s / 60) % 60, "min"], [s % 60, "s"]];
  const first = parts.findIndex(([n]) => n > 0);
  if (first < 0) return "0 s";
  return parts.slice(first, first + 2).filter(([n]) => n > 0).map(([n, unit]) => `${n}\u00a0${unit}`).join(" ");
}

export function short(id) {
  return `${id.slice(0, 8)}…`;
}

// How a phase is called, and how it is shown.
const PHASES = {
  scheduled: ["Opens later", "wait"],
  open: ["Open", "good"],
  closing: ["Closing", "wait"],
  "final-round": ["Final round", "good"],
  opening: ["Opening the bids", "wait"],
  "awaiting-final": ["Waiting for finality", "wait"],
  final: ["Final", ""],
  stalled: ["Stalled", "bad"],
  void: ["Void", "bad"],
};
export function phase(name) {
  return PHASES[name] ?? [name, ""];
}

// May the seal of a bid still be opened, and is that all that keeps it from
// being judged?
export function isSealed(bid) {
  return bid.seal === "sealed" && bid.code_name === "not-opened";
}
// Its amount, or what is known in its place. own: the wallet's record of it.
export function bidAmount(bid, own, unit) {
  if (Number(bid.amount) !== 0) return money(bid.amount, unit);
  const word = bid.seal === "sealed" ? "sealed" : "not opened";
  return own ? `${money(own.amount, unit)} (${word})` : word;
}

// What is known of a bid: [word, kind]. Nothing is won before it is final.
export function standing(bid, outcome) {
  if (bid.state === "lapsed") return ["Missed its block; gets a new stamp", "wait"];
  if (isSealed(bid)) return ["Sealed", "wait"];
  if (bid.code !== 0) return ["Void", "bad"];
  if (outcome?.final) return outcome.status === "sold" && bid.leading ? ["Won", "good"] : ["Lost", ""];
  return bid.leading ? ["Leading", "good"] : ["Outbid", "wait"];
}

export const STATES = {
  sending: "Sending",
  received: "Received, not in a block yet",
  included: "In a block",
  final: "Final",
  lapsed: "Missed its block",
};
