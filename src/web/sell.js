// sell.js - opening an auction: a form of the terms, then what they mean.
import * as api from "./api.js";
import { h, fill, field, noteLine } from "./dom.js";
import { named } from "./act.js";
import { KINDS, raw } from "./controls.js";
import { GROUPS, MORE, fieldOf } from "./fields.js";
import { when } from "./format.js";
import { lotRows } from "./lotrows.js";
import { simulatePart } from "./simulate.js";
import { termsList, warningNotes } from "./terms.js";

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

  const lots = lotRows();
  const mind = new Map(); // what the wallet warned of, by field

  function control(f) {
    if (f.lots) return lots.element;
    const [element, read] = KINDS[f.kind](f);
    const made = field(f.label, element, f.help, f.wide);
    const input = made.querySelector("input, select, textarea");
    input.name = f.option ?? f.text;
    readers.push({ ...f, read, input, ...raw(f, made) });
    return made;
  }
  // What is chosen; of the terms alone, it is what a simulation takes.
  async function collect(terms) {
    const options = terms ? {} : { ...app.as() };
    const texts = {};
    lots.clear();
    for (const f of readers) {
      f.input.removeAttribute("aria-invalid");
      if (terms && f.apart) continue;
      const value = await f.read();
      if (value.length === 0) continue;
      if (f.text) texts[f.text] = value;
      else options[f.option] = value;
    }
    if (lots.values().length) options.lot = lots.values();
    return { options, texts };
  }
  function reveal(f) {
    f.input.closest("details")?.setAttribute("open", "");
    f.input.focus();
  }
  function showError(e) {
    const { option, message } = named(e, { ...Object.fromEntries(readers.map((f) => [f.option ?? f.text, f.label])), lot: "Lots" });
    const said = message.replace(/--([a-z][a-z-]*)/g, (all, o) => { const f = readers.find((r) => (r.option ?? r.text) === o); return f ? `“${f.said ?? f.label}”` : all; });
    note.error({ message: said.replace(/^Lots: lot (\d+, (?:min:)?)/, (_all, which) => `Lot ${which.replace("min:", "first bid:")}`) });
    if (option === "lot") { lots.mark(said, note.element); return; }
    const bad = readers.find((f) => (f.option ?? f.text) === option);
    if (!bad) { end.before(note.element); return; }
    bad.input.closest(".field").append(note.element);
    bad.input.setAttribute("aria-invalid", "true");
    reveal(bad);
  }
  // At its field each warning stays until the terms are judged again.
  function showWarnings(warnings) {
    for (const element of mind.values()) element.remove();
    mind.clear();
    for (const text of warnings) {
      const f = readers.find((r) => r.option === fieldOf(text));
      if (!f) continue;
      const [element] = warningNotes([text]);
      f.input.closest(".field").append(element);
      mind.set(text, element);
    }
  }
  // With each, the way to what it is about.
  function warned(warnings, back) {
    return warningNotes(warnings).map((element, i) => {
      const f = readers.find((r) => r.option === fieldOf(warnings[i]));
      if (f) element.append(" ", h("button", { type: "button", class: "small", onclick: () => { back(); reveal(f); } }, `Change “${f.label}”`));
      return element;
    });
  }
  async function judge(e) {
    e.preventDefault();
    end.before(note.element);
    note.busy("Judging the terms …");
    try {
      const what = await collect();
      const { result, warnings } = await api.call("auction create", { ...what, options: { ...what.options, "dry-run": true } });
      note.clear();
      showReview(what, result, warnings);
    } catch (error) { showError(error); }
  }
  function showReview(what, result, warnings) {
    const sent = noteLine();
    const open = h("button", { type: "button", class: "main" }, "Open the auction");
    const unfold = () => { review.hidden = true; form.hidden = false; };
    const back = h("button", { type: "button", onclick: () => { unfold(); form.querySelector("input").focus(); } }, "Change something");
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
      warned(warnings, unfold), simulatePart(() => collect(true)),
      h("p", { class: "help" }, "The terms cannot be changed once it is open."),
      sent.element, h("div", { class: "actions" }, open, back));
    showWarnings(warnings);
    form.hidden = true;
    review.hidden = false;
    review.querySelector("h2").focus();
  }

  if (!app.identity?.valid) {
    fill(host, h("h1", null, "Sell something"), h("p", null, "To sell you need a name that is certified. ", h("a", { href: "#/wallet" }, "Get one")));
    return {};
  }
  form.append(presets, ...GROUPS.map(([title, fields]) => h("fieldset", { class: "sheet" }, h("legend", null, title), h("div", { class: "fields" }, fields.map(control)))),
    h("details", { class: "sheet more" }, h("summary", null, "More terms"),
      MORE.map(([title, fields]) => h("fieldset", null, h("legend", null, title), h("div", { class: "fields" }, fields.map(control))))),
    note.element, end);
  form.addEventListener("submit", judge);
  const direction = readers.find((f) => f.option === "direction");
  direction.input.addEventListener("change", () => {
    if (direction.input.value === "dutch") form.querySelector("details.more").open = true;
  });
  fill(presets, await presetPart(readers));
  fill(host, h("h1", null, "Sell something"), form, review);
  return {};
}
