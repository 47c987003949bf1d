// relist.js - opening once more what was not sold.
import * as api from "./api.js";
import { h, fill, field, noteLine } from "./dom.js";
import { named, sure } from "./act.js";
import { when } from "./format.js";
import { termsList, warningNotes } from "./terms.js";

// The numbers of the lots that may be offered again: not sold, or not paid by
// the seller's word. The wallet judges it again.
export function unsoldLots({ lots = [], awards = [] }) {
  const unpaid = new Set(awards.filter((a) => a.standing === "defaulted").map((a) => a.award));
  return lots.filter((l) => l.status !== "sold" || unpaid.has(l.lot)).map((l) => l.lot);
}

// The same of an auction without lots.
export function failed({ outcome, awards = [], second_chance: chance }) {
  return outcome.status !== "sold" || (awards.at(-1)?.standing === "defaulted" && !chance);
}

// Which lots: those alone that are left, or all of them; and their new numbers.
function lotsPart(info, changed) {
  const left = unsoldLots(info);
  const all = h("input", { type: "checkbox", name: "all", onchange: () => { draw(); changed(); } });
  const list = h("ol");
  const takes = () => (all.checked ? info.lots.map((l) => l.lot) : left);
  const draw = () => fill(list, takes().map((n) => h("li", null, info.lots[n - 1].title, h("span", { class: "soft" }, `, lot ${n} before`))));
  draw();
  return { takes, all, element: [
    h("p", null, left.length === 1 ? "One lot is left: it is sold in an auction of its own." : `${left.length} lots are left, with these numbers:`), list,
    left.length < info.lots.length ? h("p", null, h("label", { class: "tick" }, all, "Offer the lots that were sold, too")) : null] };
}

function review(title, { result, warnings }, opens) {
  return sure("Open it once more?", [h("p", { class: "text" }, h("strong", null, title)),
    termsList(result.terms_text, [h("dt", null, "Opens"), h("dd", null, opens ? when(result.opening_ms * 1000) : "at once")]),
    ...warningNotes(warnings),
    h("p", { class: "help" }, "The terms cannot be changed once it is open.")], "Open it");
}

export function relistForm(page) {
  const { app, id, info } = page;
  const note = noteLine();
  const title = h("input", { name: "title", maxlength: 200, autocomplete: "off" });
  const text = h("textarea", { name: "text" }, info.text);
  const opens = h("input", { name: "open-at", type: "datetime-local", step: "1" });
  const button = h("button", { class: "main", type: "submit" }, "Review …");
  const lots = info.lots?.length ? lotsPart(info, entitle) : null;
  // The title that it has by itself, until another one is typed.
  let usual = "";
  function entitle() {
    const untouched = title.value === usual;
    const takes = lots?.takes() ?? [];
    usual = takes.length === 1 ? info.lots[takes[0] - 1].title : info.title;
    if (untouched) title.value = usual;
  }
  entitle();
  function collect() {
    const options = { ...app.as(), title: title.value.trim(), ...(lots?.all.checked ? { all: true } : {}) };
    if (opens.value) options["open-at"] = String(new Date(opens.value).getTime());
    return { args: [id], options, texts: text.value === info.text ? {} : { text: text.value.trim() } };
  }
  async function submit(e) {
    e.preventDefault();
    button.disabled = true;
    note.busy("Judging the terms …");
    try {
      const what = collect();
      const dry = await api.call("auction relist", { ...what, options: { ...what.options, "dry-run": true } });
      note.clear();
      if (await review(what.options.title, dry, opens.value)) {
        note.busy("Opening …");
        const { result } = await api.callSlowly("auction relist", what, (step) => note.busy(step));
        await app.renew();
        app.go(`#/auction/${result.auction}`);
        return;
      }
      note.show("Nothing was opened.");
    } catch (error) { note.error(named(error, { title: "Title", text: "Description", "open-at": "Opens" })); }
    button.disabled = false;
  }
  return [h("h2", null, "Offer it again"),
    h("p", null, "With the same terms and attachments, and a link to this auction."),
    ...(lots?.element ?? []),
    h("form", { novalidate: true, onsubmit: submit }, h("div", { class: "fields" },
      field("Title", title), field("Description", text), field("Opens", opens, "Empty: at once.")),
    note.element, h("div", { class: "actions" }, button))];
}
