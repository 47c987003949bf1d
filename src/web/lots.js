// lots.js - the lots of an auction that sells several things: who leads each,
// what each came to, and which one a bid is for.
import { h, fill, badge, table } from "./dom.js";
import { money, short, when } from "./format.js";

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

function row(page, lot) {
  const own = page.mine().filter((b) => b.lot === lot.lot && b.code === 0);
  const person = (key) => (page.isMe(key) ? "You" : h("span", { class: "mono id", title: key }, short(key)));
  const over = page.outcome() !== null;
  const leads = own.some((b) => b.leading);
  let amount = "–", who = "–", mine = null;
  if (over && lot.status === "sold") [amount, who] = [money(lot.price, page.unit), person(lot.winner)];
  else if (over) who = ENDS[lot.status] ?? lot.status;
  else if (lot.leader) [amount, who] = [money(lot.leader.amount, page.unit), person(lot.leader.bidder)];
  if (over && own.length) mine = lot.status === "sold" && page.isMe(lot.winner) ? badge("You won", "good") : badge("You lost", "");
  else if (own.length) mine = badge(leads ? "You lead" : "You are outbid", leads ? "good" : "wait");
  return { mine: own.length > 0, cells: [
    `${lot.lot}. ${lot.title}`, amount, [who, mine ? [" ", mine] : null],
    lot.effective_close_us ? when(lot.effective_close_us) : "not yet fixed",
  ] };
}

export function lotsTable(page) {
  const over = page.outcome() !== null;
  return table("Lots", ["Lot", over ? ">Price" : ">Leading bid", over ? "Result" : "Leader", over ? "Closed" : "Closes"],
    page.info.lots.map((lot) => row(page, lot)));
}

// A choice of the lot to bid for; null where there are none.
export function lotChoice(page, changed) {
  if (!page.info.lots?.length) return null;
  const select = h("select", { name: "lot", onchange: changed });
  fill(select, page.info.lots.map((l) => h("option", { value: String(l.lot) }, `${l.lot}. ${l.title}`)));
  return select;
}
