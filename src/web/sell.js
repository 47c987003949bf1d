// sell.js - opening an auction: a form of the terms, then what they mean.
import * as api from "./api.js";
import { h, fill, field, noteLine } from "./dom.js";
import { named } from "./act.js";
import { when } from "./format.js";
import { simulatePart } from "./simulate.js";
import { termsList, warningNotes } from "./terms.js";

// The form. Each entry is an option of `gavel auction create` (one that is left
// empty is not given), or a text of it. Kinds: line, amount, count, span (a
// number and its unit), time, choice, flag (given or not), text. apart: it is
// no part of the terms, which presets fill and a simulation plays.
const GROUPS = [
  ["What you sell", [
    { option: "title", apart: true, label: "Title", kind: "line", required: true, wide: true, max: 200 },
    { text: "text", apart: true, label: "Description", kind: "text", wide: true },
  ]],
  ["Bids", [
    { option: "currency", label: "Currency", kind: "line", value: "EUR", max: 4 },
    { option: "min-first", label: "First bid must reach", kind: "amount" },
    { option: "min-step", label: "Least step", kind: "amount", help: "How far a bid must go beyond the leading one." },
    { option: "reserve", label: "Reserve", kind: "amount", help: "Nothing is sold to a bid that does not reach it. Everybody sees it." },
    { option: "direction", label: "Who wins", kind: "choice", choices: [["ascending", "The highest bid"], ["reverse", "The lowest bid (you buy)"], ["dutch", "The first, as the price falls (Dutch)"]] },
    { option: "sealed", label: "Amounts", kind: "flag", choices: ["Open: everybody sees them", "Sealed: nobody sees them before the close"] },
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
const MORE = [
  { option: "start", label: "Dutch: price at first", kind: "amount" },
  { option: "floor", label: "Dutch: price at last", kind: "amount" },
  { option: "drop", label: "Dutch: it falls by", kind: "amount" },
  { option: "every", label: "Dutch: as often as every", kind: "span", units: [["s", "seconds"], ["m", "minutes"], ["h", "hours"]] },
  { option: "max-step", label: "Greatest step", kind: "amount" },
  { option: "buy-now", label: "Buy now", kind: "amount", help: "A first bid that reaches it ends the auction at this price." },
  { option: "increments", label: "Increments of the second price", kind: "line", help: "As 1:0.05,5:0.25,0.50. Empty: a usual table." },
  { option: "soft-close", label: "Soft close", kind: "span", units: [["s", "seconds"], ["m", "minutes"]], help: "It stays open so long after each accepted bid." },
  { option: "soft-cap", label: "Soft close: longest in all", kind: "span", units: [["s", "seconds"], ["m", "minutes"], ["h", "hours"]] },
  { option: "final-round", label: "Soft close: final round", kind: "span", units: [["s", "seconds"], ["m", "minutes"], ["h", "hours"]], help: "Where bids extend it to the longest, each bidder has so long for one last, sealed bid." },
  { option: "reference", label: "Steps are measured from", kind: "choice", choices: [["highest", "the highest bid"], ["last", "the last bid"]] },
  { option: "per-bidder", label: "Most bids of one bidder", kind: "count" },
  { option: "total-cap", label: "Most bids in all", kind: "count" },
  { option: "exponent", label: "Decimals of the currency", kind: "count", value: "2" },
  { option: "notice", label: "Notice of an early close", kind: "span", units: [["s", "seconds"], ["m", "minutes"], ["h", "hours"]], help: "Bids count until then." },
  { option: "pay-within", label: "To pay within", kind: "span", units: [["d", "days"], ["h", "hours"], ["m", "minutes"]], help: "After that the seller may give the next bidder a second chance." },
  { option: "d", label: "D: longest time into a block", kind: "span", units: [["s", "seconds"], ["m", "minutes"]] },
  { option: "t", label: "T: spacing of blocks", kind: "span", units: [["s", "seconds"], ["m", "minutes"]] },
  { option: "difficulty", label: "Difficulty", kind: "choice", choices: [["", "as the network has it"], ["0", "adaptive"], ["1", "1"], ["2", "2"], ["3", "3"], ["4", "4"]] },
  { option: "authorities", apart: true, label: "Time-stamping authorities", kind: "line", help: "How many, an odd number, or their keys by comma. Empty: the node's." },
  { option: "validators", apart: true, label: "Validators", kind: "line", help: "How many, or their keys by comma. Empty: the node's." },
  { option: "notaries", apart: true, label: "Anonymous: notaries", kind: "line", max: 8, help: "As 2of3: two of three open an identity. Empty: more than half of all." },
  { option: "hidden-reserve", label: "Hidden reserve", kind: "amount", help: "Nothing is sold to a bid that does not reach it. It is sealed, and opened after the close." },
  { option: "opening-period", label: "Sealed: opened within", kind: "span", units: [["m", "minutes"], ["h", "hours"]], help: "How long after the close bids can be opened, at most. Empty: an hour." },
  { option: "bid-notaries", apart: true, label: "Sealed: notaries", kind: "line", max: 8, help: "As 2of3: two of three open the bids. Empty: more than half of all." },
  { option: "cut", apart: true, label: "Anonymous: cut", kind: "count", help: "A false identity passes with one chance in 2 to this number. Empty: 10." },
  { text: "allowed", label: "Only these bidders", kind: "text", wide: true, help: "One ledger key a line, with an own limit of bids behind it if there is one. Empty: everybody with a certificate." },
];

// A control of a kind, and how its value is read: text, or "" for none.
const KINDS = {
  line: (f) => {
    const input = h("input", { value: f.value, required: f.required, maxlength: f.max, autocomplete: "off" });
    return [input, () => input.value.trim()];
  },
  amount: () => {
    const input = h("input", { inputmode: "decimal", autocomplete: "off" });
    return [input, () => input.value.trim().replace(",", ".")];
  },
  count: (f) => {
    const input = h("input", { inputmode: "numeric", value: f.value, autocomplete: "off" });
    return [input, () => input.value.trim()];
  },
  span: (f) => {
    const input = h("input", { inputmode: "numeric", autocomplete: "off" });
    const unit = h("select", { "aria-label": `Unit: ${f.label}` }, f.units.map(([v, t]) => h("option", { value: v }, t)));
    return [h("div", { class: "row" }, input, unit), () => (input.value.trim() ? input.value.trim() + unit.value : "")];
  },
  time: () => {
    const input = h("input", { type: "datetime-local", step: "1" });
    return [input, () => (input.value ? String(new Date(input.value).getTime()) : "")];
  },
  choice: (f) => {
    const select = h("select", null, f.choices.map(([v, t]) => h("option", { value: v }, t)));
    return [select, () => select.value];
  },
  flag: (f) => {
    const select = h("select", null, f.choices.map((t, i) => h("option", { value: String(i) }, t)));
    return [select, () => (select.value === "1" ? true : "")];
  },
  text: () => {
    const area = h("textarea");
    return [area, () => area.value.trim()];
  },
};

// What stands in a control, as one text; how a value of the wallet is put there;
// and what stood there at first.
function raw(f, made) {
  const all = [...made.querySelectorAll("input, select, textarea")];
  const now = () => JSON.stringify(all.map((e) => e.value));
  const put = (values) => { all.forEach((e, i) => { e.value = values[i]; }); };
  const take = (text) => {
    const span = /^(\d+)([a-z]+)$/.exec(text);
    put(f.kind === "span" ? [span[1], span[2]] : f.kind === "flag" ? [text === "yes" ? "1" : "0"] : [text]);
  };
  const first = now();
  return { now, take, first, reset: () => put(JSON.parse(first)), filled: null };
}

// Common kinds of auctions, as the wallet knows them. What was typed stays.
async function presetPart(readers) {
  const all = await api.ask("auction simulate", { options: { preset: "help" } });
  const select = h("select", null, h("option", { value: "" }, "Your own terms"),
    all.map((p) => h("option", { value: p.preset }, `${p.preset[0].toUpperCase()}${p.preset.slice(1).replace(/-/g, " ")}`)));
  const about = h("p", { class: "help", "aria-live": "polite" });
  const labelOf = (option) => readers.find((f) => f.option === option)?.label ?? option;
  select.addEventListener("change", () => {
    const chosen = all.find((p) => p.preset === select.value);
    for (const f of readers.filter((r) => r.filled !== null)) {
      if (f.now() === f.filled) f.reset();
      f.filled = null;
    }
    for (const [option, text] of Object.entries(chosen?.options ?? {})) {
      const f = readers.find((r) => r.option === option);
      if (!f || f.now() !== f.first) continue;
      f.take(text);
      f.filled = f.now();
      f.input.closest("details")?.setAttribute("open", "");
    }
    const help = (chosen?.help ?? "").replace(/--([a-z-]+)/g, (_all, option) => `“${labelOf(option)}”`);
    fill(about, chosen ? `${help[0].toUpperCase()}${help.slice(1)}. ` : "",
      chosen?.needs ? h("strong", null, `Fill in “${labelOf(chosen.needs)}”. `) : "", chosen ? "Change below what you like." : "");
    if (chosen?.needs) readers.find((f) => f.option === chosen.needs)?.input.closest("details")?.setAttribute("open", "");
  });
  return h("section", { class: "sheet", "aria-label": "Kind of auction" }, field("Begin with a common kind of auction", select), about);
}

export async function sellPage(app, host) {
  const readers = [];
  const note = noteLine();
  const form = h("form", { novalidate: true });
  const end = h("div", { class: "actions" }, h("button", { class: "main", type: "submit" }, "Review …"));
  const presets = h("div");
  const review = h("section", { class: "sheet", "aria-label": "Review", hidden: true });

  function control(f) {
    const [element, read] = KINDS[f.kind](f);
    const made = field(f.label, element, f.help, f.wide);
    const input = made.querySelector("input, select, textarea");
    input.name = f.option ?? f.text;
    readers.push({ ...f, read, input, ...raw(f, made) });
    return made;
  }
  // What is chosen; of the terms alone, it is what a simulation takes.
  function collect(terms) {
    const options = terms ? {} : { ...app.as() };
    const texts = {};
    for (const f of readers) {
      const value = f.read();
      f.input.removeAttribute("aria-invalid");
      if (value === "" || (terms && f.apart)) continue;
      if (f.text) texts[f.text] = value;
      else options[f.option] = value;
    }
    return { options, texts };
  }
  function showError(e) {
    const { option, message } = named(e, Object.fromEntries(readers.map((f) => [f.option ?? f.text, f.label])));
    const bad = readers.find((f) => (f.option ?? f.text) === option);
    note.error({ message });
    if (!bad) { end.before(note.element); return; }
    bad.input.closest(".field").append(note.element);
    bad.input.setAttribute("aria-invalid", "true");
    bad.input.closest("details")?.setAttribute("open", "");
    bad.input.focus();
  }
  async function judge(e) {
    e.preventDefault();
    end.before(note.element);
    note.busy("Judging the terms …");
    try {
      const what = collect();
      const { result, warnings } = await api.call("auction create", { ...what, options: { ...what.options, "dry-run": true } });
      note.clear();
      showReview(what, result, warnings);
    } catch (error) { showError(error); }
  }
  function showReview(what, result, warnings) {
    const sent = noteLine();
    const open = h("button", { type: "button", class: "main" }, "Open the auction");
    const back = h("button", { type: "button", onclick: () => { review.hidden = true; form.hidden = false; form.querySelector("input").focus(); } }, "Change something");
    open.addEventListener("click", async () => {
      open.disabled = back.disabled = true;
      sent.busy("Opening …");
      try {
        const { result: made } = await api.callSlowly("auction create", what, (step) => sent.busy(step));
        await app.renew(); // of a pseudonym only the wallet knows that it sells
        app.go(`#/auction/${made.auction}`);
      } catch (error) {
        sent.error(error);
        open.disabled = back.disabled = false;
      }
    });
    fill(review, h("h2", { tabindex: "-1" }, what.options.title),
      what.texts.text ? h("p", { class: "text" }, what.texts.text) : null,
      termsList(result.terms_text, [h("dt", null, "Opens"), h("dd", null, what.options["open-at"] ? when(result.opening_ms * 1000) : "at once")]),
      warningNotes(warnings), simulatePart(() => collect(true)),
      h("p", { class: "help" }, "The terms cannot be changed once it is open."),
      sent.element, h("div", { class: "actions" }, open, back));
    form.hidden = true;
    review.hidden = false;
    review.querySelector("h2").focus();
  }

  if (!app.identity?.valid) {
    fill(host, h("h1", null, "Sell something"), h("p", null, "To sell you need a name that is certified. ", h("a", { href: "#/wallet" }, "Get one")));
    return {};
  }
  form.append(presets, ...GROUPS.map(([title, fields]) => h("fieldset", { class: "sheet" }, h("legend", null, title), h("div", { class: "fields" }, fields.map(control)))),
    h("details", { class: "sheet" }, h("summary", null, "More terms"), h("div", { class: "fields" }, MORE.map(control))),
    note.element, end);
  form.addEventListener("submit", judge);
  fill(presets, await presetPart(readers));
  fill(host, h("h1", null, "Sell something"), form, review);
  return {};
}
