// fields.js - what the form of `gavel auction create` asks for.

// Each entry is an option of `gavel auction create` (one that is left
// empty is not given), or a text of it. Kinds: line, amount, count, span (a
// number and its unit), time, choice, flag (given or not), text, files. apart: it
// is no part of the terms, which presets fill and a simulation plays.
export const GROUPS = [
  ["What you sell", [
    { option: "title", apart: true, label: "Title", kind: "line", required: true, wide: true, max: 200 },
    { text: "text", apart: true, label: "Description", kind: "text", wide: true },
    { lots: true },
    { option: "attach", apart: true, label: "Pictures and documents", kind: "files", wide: true, help: "Their hashes (SHA-256) go on the chain, up to 16; you hand out the files." },
  ]],
  ["Bids", [
    { option: "currency", label: "Currency", kind: "line", value: "EUR", max: 4 },
    { option: "min-first", label: "First bid must reach", kind: "amount" },
    { option: "min-step", label: "Least step", kind: "amount", help: "How far a bid must go beyond the leading one." },
    { option: "reserve", label: "Reserve", kind: "amount", help: "Nothing is sold to a bid that does not reach it. Everybody sees it." },
    { option: "direction", label: "Who wins", kind: "choice", choices: [["ascending", "The highest bid"], ["reverse", "The lowest bid (you buy)"], ["dutch", "The first, as the price falls (Dutch)"]] },
    { option: "sealed", label: "Amounts", said: "Sealed", kind: "flag", choices: ["Open: everybody sees them", "Sealed: nobody sees them before the close"] },
    { option: "pricing", label: "What the winner pays", kind: "choice", choices: [["first", "His bid"], ["second", "One increment beyond the next best"], ["vickrey", "The next best bid"]] },
  ]],
  ["Time", [
    { option: "open-at", apart: true, label: "Opens", kind: "time", help: "Empty: at once. In this browser's time zone." },
    { option: "limit", label: "Open for", kind: "span", units: [["m", "minutes"], ["h", "hours"], ["d", "days"]], help: "Empty: until you close it." },
    { option: "close", label: "Early close", kind: "choice", choices: [["owner", "I may close it early"], ["never", "Nobody may"]] },
  ]],
  ["Bidders", [
    { option: "identity", label: "Names of bidders", kind: "choice", choices: [["certified", "Certified: everybody sees who bids"], ["anonymous", "Anonymous: pseudonyms, and only you learn the winner"]] },
    { option: "seller", apart: true, label: "Your name", kind: "choice", choices: [["certified", "Everybody sees who sells"], ["pseudonym", "A pseudonym, opened to the winner (anonymous bidders only)"]] },
  ]],
];
// What most sales do without, folded away.
export const MORE = [
  ["Price", [
    { option: "buy-now", label: "Buy now", kind: "amount", help: "A first bid that reaches it ends the auction at this price." },
    { option: "hidden-reserve", label: "Hidden reserve", kind: "amount", help: "Nothing is sold to a bid that does not reach it. It is sealed, and opened after the close." },
    { option: "max-step", label: "Greatest step", kind: "amount" },
    { option: "reference", label: "Steps are measured from", kind: "choice", choices: [["highest", "the highest bid"], ["last", "the last bid"]] },
    { option: "increments", label: "Increments of the second price", kind: "line", help: "As 1:0.05,5:0.25,0.50. Empty: a usual table." },
    { option: "exponent", label: "Decimals of the currency", kind: "count", value: "2" },
  ]],
  ["Dutch: a price that falls", [
    { option: "start", label: "Dutch: price at first", kind: "amount" },
    { option: "floor", label: "Dutch: price at last", kind: "amount" },
    { option: "drop", label: "Dutch: it falls by", kind: "amount" },
    { option: "every", label: "Dutch: as often as every", kind: "span", units: [["s", "seconds"], ["m", "minutes"], ["h", "hours"]] },
  ]],
  ["Soft close: late bids extend it", [
    { option: "soft-close", label: "Soft close", kind: "span", units: [["s", "seconds"], ["m", "minutes"]], help: "It stays open so long after each accepted bid." },
    { option: "soft-cap", label: "Soft close: longest in all", kind: "span", units: [["s", "seconds"], ["m", "minutes"], ["h", "hours"]] },
    { option: "final-round", label: "Soft close: final round", kind: "span", units: [["s", "seconds"], ["m", "minutes"], ["h", "hours"]], help: "Where bids extend it to the longest, each bidder has so long for one last, sealed bid." },
  ]],
  ["Who may bid, and how often", [
    { option: "per-bidder", label: "Most bids of one bidder", kind: "count" },
    { option: "total-cap", label: "Most bids in all", kind: "count" },
    { text: "allowed", label: "Only these bidders", kind: "text", wide: true, help: "One ledger key a line, with an own limit of bids behind it if there is one. Empty: everybody with a certificate." },
  ]],
  ["Early close and payment", [
    { option: "pay-within", label: "To pay within", kind: "span", units: [["d", "days"], ["h", "hours"], ["m", "minutes"]], help: "After that the seller may give the next bidder a second chance." },
    { option: "notice", label: "Notice of an early close", kind: "span", units: [["s", "seconds"], ["m", "minutes"], ["h", "hours"]], help: "Bids count until then." },
  ]],
  ["Sealed bids, a hidden reserve, a final round", [
    { option: "opening-period", label: "Sealed: opened within", kind: "span", units: [["m", "minutes"], ["h", "hours"]], help: "How long after the close bids can be opened, at most. Empty: an hour." },
    { option: "bid-notaries", apart: true, label: "Sealed: notaries", kind: "line", max: 8, help: "As 2of3: two of three open the bids. Empty: more than half of all." },
    { option: "blind", apart: true, label: "Sealed: who dates bids", kind: "flag", choices: ["Authorities that get the bids", "Blind: they see hashes alone"], help: "Blind: each bidder's wallet has its bids dated." },
  ]],
  ["Anonymous bidders", [
    { option: "notaries", apart: true, label: "Anonymous: notaries", kind: "line", max: 8, help: "As 2of3: two of three open an identity. Empty: more than half of all." },
    { option: "cut", apart: true, label: "Anonymous: cut", kind: "count", help: "A false identity passes with one chance in 2 to this number. Empty: 10." },
  ]],
  ["The network", [
    { option: "authorities", apart: true, label: "Time-stamping authorities", kind: "line", help: "How many, an odd number, or their keys by comma. Empty: the node's." },
    { option: "validators", apart: true, label: "Validators", kind: "line", help: "How many, or their keys by comma. Empty: the node's." },
    { option: "d", label: "D: longest time into a block", kind: "span", units: [["s", "seconds"], ["m", "minutes"]] },
    { option: "t", label: "T: spacing of blocks", kind: "span", units: [["s", "seconds"], ["m", "minutes"]] },
    { option: "difficulty", label: "Difficulty", kind: "choice", choices: [["", "as the network has it"], ["0", "adaptive"], ["1", "1"], ["2", "2"], ["3", "3"], ["4", "4"]] },
  ]],
];

// The field that a warning of the wallet is about, by its words; the first that
// fits. One that fits none is shown with the others alone.
const ABOUT = [
  [/authorit/, "authorities"], [/validator|every outcome/, "validators"], [/open an identity/, "notaries"],
  [/It takes all|before the close\.$/, "bid-notaries"], [/late bids? extends?|soft close/i, "soft-close"], [/final round/, "final-round"],
  [/minimum step is/, "min-step"], [/maximum step|With steps measured/, "max-step"], [/total cap/, "total-cap"],
  [/cap per bidder|Each bidder has one|cap on bids/, "per-bidder"], [/bidder alone is allowed/, "allowed"],
  [/The winner pays|second price/, "pricing"], [/buy it at once/, "buy-now"], [/Neither a first bid/, "min-first"],
  [/lot of a sealed bid/, "sealed"], [/hidden reserve/i, "hidden-reserve"], [/reserve can never/, "reserve"], [/opening period/, "opening-period"], [/one pseudonym/, "identity"],
  [/Dutch auction/, "direction"], [/time limit/, "limit"], [/deadline D/, "d"],
];
export function fieldOf(warning) {
  return ABOUT.find(([words]) => words.test(warning))?.[1] ?? null;
}
