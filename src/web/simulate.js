// simulate.js - how terms would play out among made-up bidders.
import * as api from "./api.js";
import { h, fill, field, noteLine, table } from "./dom.js";
import { named } from "./act.js";
import { duration, money } from "./format.js";

const FIELDS = [
  ["bidders", "Bidders in each", "8"], ["value-low", "Worth to a bidder, at least", "50"],
  ["value-high", "And at most", "150"], ["rounds", "Auctions to play", "1000"],
];
const CHOICES = [
  ["strategy", "How they bid", [["mixed", "Some of each"], ["truthful", "Once, what it is worth"], ["step", "In little steps"], ["snipe", "At the last moment"]]],
  ["distribution", "What it is worth", [["uniform", "All values as likely"], ["peaked", "Most in the middle"]]],
];
const PRICES = [["least", "Least price"], ["p10", "10 % pay up to"], ["median", "Half pay up to"], ["p90", "90 % pay up to"], ["most", "Greatest price"], ["mean", "Mean price"]];

const pair = (label, value) => [h("dt", null, label), h("dd", { class: "num" }, value)];

function bidLines(r) {
  return [pair("Accepted bids", String(r.accepted)),
    Object.entries(r.void).map(([code, n]) => pair(`Void: ${code}`, String(n))),
    r.extended ? pair("Extended", `${r.extended} times, by ${duration(Number(r.longest_us) / 1000)} at most`) : null,
    r.final_rounds ? pair("Final round", `${r.final_rounds} times, ${r.final_won} of them sold to a sealed bid`) : null];
}

function lines(r) {
  return h("dl", { class: "results" }, pair("Sold", `${r.sold} of ${r.rounds}`),
    r.no_bid ? pair("Nobody bid", String(r.no_bid)) : null,
    r.reserve_not_met ? pair("Below the reserve", String(r.reserve_not_met)) : null,
    r.sold ? PRICES.map(([key, label]) => pair(label, money(r.price[key], r))) : null,
    r.sold ? pair("It went to the best bidder", `${r.best_won} times`) : null,
    ...bidLines(r));
}

// What each lot came to, and all of them together in a round.
function lotLines(r) {
  const amounts = (spread) => ["p10", "median", "p90"].map((key) => money(spread[key], r));
  return [
    table("Lots", ["Lot", ">Sold", ">10 % up to", ">Half up to", ">90 % up to"], [
      ...r.lots.map((l) => ({ cells: [`${l.lot}. ${l.title}`, `${l.sold} of ${r.rounds}`, ...(l.sold ? amounts(l.price) : ["–", "–", "–"])] })),
      { cells: ["All together", "", ...amounts(r.total)] },
    ]),
    r.lots.map((l) => h("dl", { class: "results" }, pair("Lot", `${l.lot}. ${l.title}`), ...bidLines(l))),
  ];
}

// terms(): a promise of {options, texts} of the terms alone.
export function simulatePart(terms) {
  const note = noteLine();
  const out = h("div");
  const controls = [
    ...FIELDS.map(([name, label, value]) => [label, h("input", { name, value, inputmode: "decimal", autocomplete: "off" })]),
    ...CHOICES.map(([name, label, choices]) => [label, h("select", { name }, choices.map(([v, t]) => h("option", { value: v }, t)))]),
  ];
  const button = h("button", { type: "submit" }, "Play");
  async function play(e) {
    e.preventDefault();
    button.disabled = true;
    note.busy("Playing …");
    try {
      const { options, texts } = await terms();
      const asked = Object.fromEntries(controls.map(([, c]) => [c.name, c.value.trim()]));
      const said = await api.ask("auction simulate", { options: { ...options, ...asked }, texts });
      fill(out, said.lots.length ? lotLines(said) : lines(said));
      note.clear();
    } catch (error) {
      fill(out);
      note.error(named(error, Object.fromEntries(controls.map(([label, c]) => [c.name, label]))));
    }
    button.disabled = false;
  }
  return h("details", null, h("summary", null, "Try these terms with made-up bidders"),
    h("p", { class: "soft" }, "Nothing is opened. What it says is worth what these bidders are like yours."),
    h("form", { novalidate: true, onsubmit: play }, h("div", { class: "fields" }, controls.map(([label, c]) => field(label, c))),
      note.element, h("div", { class: "actions" }, button)), out);
}
