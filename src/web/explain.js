// explain.js - how the result comes about, bid by bid, as the wallet tells it
// from the blocks that it has read and checked.
import * as api from "./api.js";
import { h, fill, badge, noteLine, table } from "./dom.js";
import { money, short } from "./format.js";
import { parts } from "./terms.js";

const SHOWN = 500;

// The order of bids is to the microsecond.
function exactTime(us) {
  const ms = new Date(Math.floor(Number(us) / 1000)).toISOString();
  return `${ms.slice(11, 23)}${String(BigInt(us) % 1000n).padStart(3, "0")} UTC`;
}
function place(what, at) {
  return `${what} in block ${at.height}, ${at.index + 1} of ${at.count}`;
}

// Other clauses fail without a look at the bid before.
function isMeasured(step) {
  return Number(step.reference) !== 0 && /^(below-step|above-step|below-floor):/.test(step.clause);
}
function hasLots(page) {
  return page.info.lots?.length > 0;
}

function row(page, at, step, i) {
  const amount = (v) => (Number(v) !== 0 ? money(v, page.unit) : "sealed");
  const good = step.clause === null;
  const reference = !good && isMeasured(step) ? `; measured against ${money(step.reference, page.unit)}` : "";
  return { mine: page.isMe(step.bidder), cells: [
    String(i + 1), ...(hasLots(page) ? [String(step.lot)] : []), amount(step.amount),
    page.isMe(step.bidder) ? "You" : h("span", { class: "mono id", title: step.bidder }, short(step.bidder)),
    badge(good ? "Accepted" : "Void", good ? "good" : "bad"),
    step.leader ? `#${at.get(step.leader)}` : "–",
    step.leader ? money(step.price, page.unit) : "–",
  ], extra: [
    good ? null : h("span", { class: "why" }, `Why: ${step.clause}${reference}`),
    h("span", { class: "why" }, `${exactTime(step.t_us)} · ${place("bid", step.proof)} · ${place("stamp", step.stamp)} · tie ${step.tie.slice(0, 8)}`),
  ] };
}

function show(page, out, told) {
  const at = new Map(told.steps.map((s, n) => [s.bid, n + 1]));
  const final = told.final ? ["Final", "good"] : ["It may still change", "wait"];
  fill(out, h("p", null, badge(...final), " ", `${told.blocks} blocks were read and checked here.`,
    told.verified_height !== null ? ` Block ${told.verified_height} has this outcome.` : ""),
  h("dl", null, told.story.map((line) => {
    const [key, value] = parts(line);
    return [h("dt", null, key ? `${key[0].toUpperCase()}${key.slice(1)}` : ""), h("dd", null, value)];
  })),
  told.steps.length ? table("How the result comes about", [">No.", ...(hasLots(page) ? [">Lot"] : []), ">Amount", "Bidder", "Verdict", ">Then leads", ">Then costs"],
    told.steps.slice(0, SHOWN).map((s, i) => row(page, at, s, i))) : h("p", { class: "soft" }, "No bid is in a block."),
  told.steps.length > SHOWN ? h("p", { class: "soft" }, `The first ${SHOWN} of ${told.steps.length} bids are shown.`) : null,
  h("p", { class: "why" }, "The record commits to all of it with the hash ", h("span", { class: "mono" }, told.fold_hash), "."));
}

export function explainPart(page) {
  const note = noteLine();
  const out = h("div", { class: "steps" });
  const button = h("button", {
    type: "button",
    onclick: async () => {
      button.disabled = true;
      note.busy("Reading and checking the blocks …");
      try {
        show(page, out, await api.ask("auction outcome", { args: [page.id], options: { explain: true } }));
        note.clear();
        button.textContent = "Explain again";
      } catch (error) { note.error(error); }
      button.disabled = false;
    },
  }, "Explain step by step");
  return [h("h2", null, "How the result comes about"),
    h("p", { class: "soft" }, "Every bid in its order, with the verdict and who leads behind it, from the blocks alone."),
    button, note.element, out];
}
