// dom.js - making elements. Text is always text: nothing here reads HTML.

// h("p", {class: "soft", onclick: f}, "text", child, null)
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else element.setAttribute(name, value);
  }
  element.append(...children.flat(2).filter((c) => c !== null && c !== undefined && c !== false));
  return element;
}

export function fill(element, ...children) {
  element.replaceChildren(...children.flat(2).filter((c) => c !== null && c !== undefined && c !== false));
  return element;
}

export function badge(text, kind) {
  return h("span", { class: `badge ${kind ?? ""}` }, text);
}

// A line of its own for what happens and what went wrong, read out aloud.
export function noteLine() {
  const element = h("p", { class: "note", role: "status", "aria-live": "polite" });
  return {
    element,
    clear() { element.className = "note"; fill(element); },
    show(text, kind = "") { element.className = `note ${kind}`; fill(element, text); },
    busy(text) { element.className = "note wait busy"; fill(element, text); },
    error(e) { element.className = "note bad"; fill(element, e.message ?? String(e)); },
  };
}

// A labelled control. control: an input, select or textarea.
let count = 0;
export function field(label, control, help, wide) {
  const id = `f${++count}`;
  const target = control.matches("input, select, textarea") ? control : control.querySelector("input, select, textarea");
  target.id = id;
  if (help) target.setAttribute("aria-describedby", `${id}h`);
  return h("div", { class: wide ? "field wide" : "field" },
    h("label", { for: id }, label), control,
    help ? h("p", { class: "help", id: `${id}h` }, help) : null);
}

// Rows {cells, mine, extra}: extra is a line below, over all columns. The label
// of a cell is shown on a narrow screen.
export function table(caption, heads, rows) {
  return h("table", { "aria-label": caption },
    h("thead", null, h("tr", null, heads.map((t) => h("th", { scope: "col", class: t.startsWith(">") ? "right" : null }, t.replace(">", ""))))),
    h("tbody", null, rows.map((row) => [
      h("tr", { class: `${row.mine ? "mine" : ""} ${row.extra ? "has-extra" : ""}` },
        row.cells.map((cell, i) => h("td", {
          "data-label": i > 0 ? heads[i].replace(">", "") : null,
          class: heads[i].startsWith(">") ? "right num" : null,
        }, cell))),
      row.extra ? h("tr", { class: `extra ${row.mine ? "mine" : ""}` }, h("td", { colspan: heads.length }, row.extra)) : null,
    ])));
}

// A question in the middle of the page. build(close) gives its content; the
// result is what close was called with, or null.
export function ask(build) {
  return new Promise((resolve) => {
    const dialog = h("dialog", { "aria-labelledby": "dialog-title" });
    let answer = null;
    const close = (value) => { answer = value; dialog.close(); };
    dialog.append(...build(close).filter((c) => c));
    dialog.addEventListener("close", () => { dialog.remove(); resolve(answer); });
    document.body.append(dialog);
    dialog.showModal();
    // Not on the button: a second Enter is no answer.
    const title = dialog.querySelector("h2");
    title.setAttribute("tabindex", "-1");
    title.focus();
  });
}

export function save(name, base64) {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const url = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
  return h("a", { href: url, download: name, class: "button" }, `Save ${name.replace(/^[0-9a-f]{64}/, (id) => `${id.slice(0, 8)}…`)}`);
}
