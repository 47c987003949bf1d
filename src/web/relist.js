// relist.js - opening once more what was not sold.
import * as api from "./api.js";
import { h, field, noteLine } from "./dom.js";
import { named, sure } from "./act.js";
import { when } from "./format.js";
import { termsList, warningNotes } from "./terms.js";

function review(title, { result, warnings }, opens) {
  return sure("Open it once more?", [h("p", { class: "text" }, h("strong", null, title)),
    termsList(result.terms_text, [h("dt", null, "Opens"), h("dd", null, opens ? when(result.opening_ms * 1000) : "at once")]),
    ...warningNotes(warnings),
    h("p", { class: "help" }, "The terms cannot be changed once it is open.")], "Open it");
}

export function relistForm(page) {
  const { app, id, info } = page;
  const note = noteLine();
  const title = h("input", { name: "title", maxlength: 200, value: info.title, autocomplete: "off" });
  const text = h("textarea", { name: "text" }, info.text);
  const opens = h("input", { name: "open-at", type: "datetime-local", step: "1" });
  const button = h("button", { class: "main", type: "submit" }, "Review …");
  function collect() {
    const options = { ...app.as(), title: title.value.trim() };
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
    h("form", { novalidate: true, onsubmit: submit }, h("div", { class: "fields" },
      field("Title", title), field("Description", text), field("Opens", opens, "Empty: at once.")),
    note.element, h("div", { class: "actions" }, button))];
}
