// lots.js - the lots of an auction that sells several things: who leads each,
// what each came to, and which one a bid is for.
import { h, fill, badge, table } from "./dom.js";
import { isSealed, money, short, when } from "./format.js";

const ENDS = { "no-bid": "Nobody bid", "reserve-not-met": "The reserve was not met", cancelled: "Cancelled", void: "Void" };

// What a bid's lot came to, in the place of the auction's outcome.
export function endOf(info, bid, outcome) {
  const lot = info.lots?.[bid.lot - 1];
  return outcome && lot ? { ...lot, final: true } : outcome;
}

// The terms that hold for the lot of this number.
export function termsOf(info, lot) {
  const own = info.terms.lots?.[lot - 1];
  if (!own || !own.min_first) return info.terms;
  return { ...info.terms, min_first: own.min_first, flags: [...info.terms.flags, "min-first"] };
}

// Nothing can be bid for it any more, though the auction may go on.
const hasEnded = (page, lot) => Boolean(lot.effective_close_us) && page.isOver(lot.effective_close_us);

// How one stands with a lot: [word, kind, why], or null without a bid for it.
function mineOf(page, lot) {
  const own = page.mine().filter((b) => b.lot === lot.lot);
  const counted = own.filter((b) => b.code === 0);
  if (!own.length) return null;
  if (!counted.length) {
    const last = own.at(-1);
    return isSealed(last) ? ["Sealed", "wait", null] : ["Void", "bad", `Your bid does not count: ${last.why ?? last.code_name}`];
  }
  if (page.outcome() === null) {
    if (!counted.some((b) => b.leading)) return ["You are outbid", "wait", null];
    return ["You lead", "good", lot.status === "reserve-not-met" ? "Your bid does not reach the reserve yet." : null];
  }
  if (lot.status === "sold" && page.isMe(lot.winner)) return ["You won", "good", null];
  return ["You lost", "", lot.status === "sold" ? "Another bid was better." : "No bid reached the reserve."];
}

function row(page, lot, choose) {
  const person = (key) => (page.isMe(key) ? "You" : h("span", { class: "mono id", title: key }, short(key)));
  const over = page.outcome() !== null;
  const mine = mineOf(page, lot);
  const can = choose && !over && !hasEnded(page, lot);
  let amount = "–", who = "–";
  if (over && lot.status === "sold") [amount, who] = [money(lot.price, page.unit), person(lot.winner)];
  else if (over) who = ENDS[lot.status] ?? lot.status;
  else if (lot.leader) [amount, who] = [money(lot.leader.amount, page.unit), person(lot.leader.bidder)];
  return { mine: mine !== null, extra: mine?.[2] ? h("span", { class: "why" }, mine[2]) : null, cells: [
    [`${lot.lot}. ${lot.title}`, can ? [" ", h("button", { type: "button", class: "small", "aria-label": `Bid for lot ${lot.lot}`, onclick: () => choose(lot.lot) }, "Bid")] : null],
    amount, [who, mine ? [" ", badge(mine[0], mine[1])] : null],
    lot.effective_close_us ? when(lot.effective_close_us) : "not yet fixed",
  ] };
}

// choose(number): begins a bid for that lot; null where none can be placed.
export function lotsTable(page, choose) {
  const over = page.outcome() !== null;
  return table("Lots", ["Lot", over ? ">Price" : ">Leading bid", over ? "Result" : "Leader", over ? "Closed" : "Closes"],
    page.info.lots.map((lot) => row(page, lot, choose)));
}

// A choice of the lot to bid for; null where there are none. choice.tell() says
// anew which of them have ended.
export function lotChoice(page, changed) {
  if (!page.info.lots?.length) return null;
  const select = h("select", { name: "lot", onchange: changed });
  fill(select, page.info.lots.map((l) => h("option", { value: String(l.lot) }, `${l.lot}. ${l.title}`)));
  const tell = () => page.info.lots.forEach((l, i) => {
    const text = `${l.lot}. ${l.title}${hasEnded(page, l) ? " (closed)" : ""}`;
    if (select.options[i].textContent !== text) select.options[i].textContent = text;
  });
  return { select, tell };
}
