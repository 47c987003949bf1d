// lotrows.js - the rows of the form for a sale of several lots.
import { h, fill, field } from "./dom.js";

const MAX = 64;

// {element, values(), mark(message, note), clear()}. values() is what `--lot`
// takes, of the rows that are not empty.
export function lotRows() {
  let rows = [];
  const list = h("div", { class: "lots" });
  const add = h("button", { type: "button", onclick: () => more() });
  const about = h("p", { class: "help" }, "Each lot has its own bids and its own winner. What is asked for below holds for every lot without a first bid or a reserve of its own.");
  const element = h("div", { class: "field wide" }, list, h("div", { class: "actions" }, add), about);

  function input(mode) {
    return h("input", { inputmode: mode, autocomplete: "off", maxlength: mode ? null : 100 });
  }
  function make() {
    const row = { title: input(), min: input("decimal"), reserve: input("decimal"), element: h("div", { class: "lot" }) };
    row.remove = h("button", { type: "button", class: "small", onclick: () => {
      const at = rows.indexOf(row);
      rows = rows.filter((r) => r !== row);
      draw();
      (rows[Math.min(at, rows.length - 1)]?.title ?? add).focus();
    } }, "Remove");
    return row;
  }
  function draw() {
    rows.forEach((row, i) => {
      row.remove.setAttribute("aria-label", `Remove lot ${i + 1}`);
      fill(row.element, field(`Lot ${i + 1}`, row.title), field(`Lot ${i + 1}: first bid`, row.min),
        field(`Lot ${i + 1}: reserve`, row.reserve), row.remove);
    });
    fill(list, rows.map((row) => row.element));
    add.textContent = rows.length ? "Add a lot" : "Sell several lots …";
    add.disabled = rows.length >= MAX;
    about.hidden = !rows.length;
  }
  function more() {
    const first = rows.length ? 1 : 2;
    const made = Array.from({ length: first }, make);
    rows.push(...made);
    draw();
    made[0].title.focus();
  }
  const text = (e) => e.value.trim();
  const isFilled = (row) => text(row.title) || text(row.min) || text(row.reserve);
  // A comma in a title is written twice; in an amount it is a point.
  const amount = (name, e) => (text(e) ? `,${name}=${text(e).replaceAll(",", ".")}` : "");
  const filled = () => rows.filter(isFilled);
  draw();
  return {
    element, add,
    values: () => filled().map((r) => text(r.title).replaceAll(",", ",,") + amount("min", r.min) + amount("reserve", r.reserve)),
    // The wallet counts the lots that it was given: show what it says of one.
    mark(message, note) {
      const [, number, part] = /\blot (\d+)(?:, (min|reserve):)?/.exec(message) ?? [];
      const row = filled()[number - 1];
      const input = row ? row[part ?? "title"] : rows.find((r) => !isFilled(r))?.title ?? add;
      (row ? row.element : element).append(note);
      if (row) input.setAttribute("aria-invalid", "true");
      input.focus();
    },
    clear: () => rows.forEach((r) => [r.title, r.min, r.reserve].forEach((e) => e.removeAttribute("aria-invalid"))),
  };
}
