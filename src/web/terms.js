// terms.js - the terms of an auction, and what to mind about them.
import { h } from "./dom.js";
import { duration } from "./format.js";

// The terms come as lines of the wallet, so that what it learns is shown
// here; these are said in more words.
const TERMS = {
  bidders: ["Who may bid", (v) => (v === "anonymous" ? "anyone with a certificate, under a pseudonym" : "anyone with a certificate, openly")],
  direction: ["Who wins", (v) => (v.startsWith("reverse") ? "the lowest bid" : v)],
  clock: ["Clock"],
  bids: ["Amounts"],
  "final round for": ["Final round", seconds],
  "opened within": ["Opened within", seconds],
  price: ["The winner pays"],
  "buy now": ["Buy now"],
  "soft close": ["Soft close"],
  "dated by": ["Dated by"],
  "voted on by": ["Voted on by"],
  increment: ["Increments"],
  attachment: ["Attachments", (v) => h("span", { class: "mono" }, v)],
  "min first": ["First bid must reach"],
  "min step": ["Each step at least"],
  "max step": ["Each step at most"],
  "steps from": ["Steps are measured from"],
  allowed: ["Who is admitted", (v) => `only ${v} on a list`],
  "per bidder": ["Most bids of one bidder"],
  "in all": ["Most bids in all"],
  "open for": ["Open for", seconds],
  reserve: ["Reserve"],
  "close notice": ["Early close", (v) => `by the seller, with ${seconds(v)} of notice`],
  "early close": ["Early close", () => "not possible"],
  "to pay within": ["To be paid within", seconds],
  D: ["A bid must be in a block within", seconds],
  renumbered: ["Numbers"],
  T: ["A block about every", seconds],
};
function seconds(text) {
  const n = /^([0-9.]+) s$/.exec(text);
  if (!n) return text;
  return Number(n[1]) >= 60 ? duration(Number(n[1]) * 1000) : `${Number(n[1])} s`;
}

// "lot 2" with its own minimum; what is not known has the wallet's word.
function lotTerm(key) {
  return /^lot \d+$/.test(key) ? [`Lot ${key.slice(4)}`, (v) => v.replace(/, min first (?=[^,]*(, reserve [^,]*)?$)/, ", first bid from ")] : [key];
}

// Lines of the wallet as [key, value].
export function parts(line) {
  const [, key, value] = /^(.*?) {2,}(.*)$/.exec(line) ?? [null, "", line];
  return [key, value];
}
// Of several with one key the first has the label.
export function termsList(lines, first) {
  let before = null;
  return h("dl", null, first, lines.map((line) => {
    const [key, value] = parts(line);
    const [label, say] = TERMS[key] ?? lotTerm(key);
    const again = key === before;
    before = key;
    return [again ? null : h("dt", null, label), h("dd", { class: again ? "again" : null }, say ? say(value) : value)];
  }));
}

// What the wallet warns of, each as a note.
export function warningNotes(warnings) {
  return warnings.map((text) => {
    const plain = text.replace(/^warning: /, "");
    return h("p", { class: "note wait" }, `Note: ${plain}`);
  });
}
