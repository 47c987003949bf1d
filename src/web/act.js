// act.js - doing one thing: ask first, say what happens, say what came of it.
import * as api from "./api.js";
import { h, ask, noteLine } from "./dom.js";

// A question with a way out. check: what has to be ticked before yes can be
// said. The answer is true, or null.
export function sure(title, content, yes, { danger, check } = {}) {
  return ask((close) => {
    const button = h("button", { type: "button", class: danger ? "danger" : "main", disabled: Boolean(check), onclick: () => close(true) }, yes);
    return [h("h2", { id: "dialog-title" }, title), ...content, check ? tick(check, button) : null,
      h("div", { class: "actions" }, button, h("button", { type: "button", onclick: () => close(null) }, "Cancel"))];
  });
}
export function tick(text, button) {
  return h("p", null, h("label", { class: "tick" }, h("input", {
    type: "checkbox",
    onchange: (e) => { button.disabled = !e.target.checked; },
  }), text));
}

// A button that runs a call of the wallet, or run(tell). ask: true when it may.
// done(answer) gives what to say then, or nothing; the button stays off after it.
export function action(label, { call, what, run, ask: question, busy, done, kind }) {
  const note = noteLine();
  const button = h("button", {
    type: "button", class: kind,
    onclick: async () => {
      try {
        if (question && !await question()) return;
        button.disabled = true;
        note.busy(busy);
        const answer = run ? await run(note.busy) : await api.callSlowly(call, what(), note.busy);
        const said = await done(answer);
        if (said) note.show(said, "good"); else note.clear();
      } catch (error) {
        note.error(error);
        button.disabled = false;
      }
    },
  }, label);
  return { button, note: note.element };
}

// Something goes on in this part of the page, whose end is to be told there.
export const isBusy = (part) => part.querySelector(".busy") !== null;

// The wallet names an option that it does not like, as "--rounds x: ...", or
// with the word for its value, as "--title TEXT: expected ...": the option, or
// null, and the sentence with the label that it has on the page.
export function named(error, labels) {
  const [, option, rest] = /^--([a-z-]+)(?: [A-Z]+(?=: expected))?:? ?(.*)$/s.exec(error.message) ?? [];
  const label = labels[option];
  return { option: label ? option : null, message: label ? `${label}: ${rest}` : error.message };
}
