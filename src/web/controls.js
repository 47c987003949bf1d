// controls.js - the controls of the form of terms.
import { h, noteLine } from "./dom.js";
import { FILE_MAX, hashOf } from "./files.js";

// The hashes of the files that an input has, in their order.
async function chosen(input, note) {
  note.busy("Reading …");
  try {
    const files = [...input.files];
    const big = files.find((f) => f.size > FILE_MAX);
    if (big) throw new Error(`${big.name} is too large for the browser: gavel auction create --attach reads it.`);
    const hashes = [];
    for (const f of files) hashes.push(await hashOf(f));
    if (files.length) note.show(`In this order: ${files.map((f) => f.name).join(", ")}.`); else note.clear();
    return hashes;
  } catch (error) {
    input.value = "";
    note.error(error);
    return [];
  }
}

// A control of a kind, and how its value is read: text, or "" for none; of files
// a promise of an array.
export const KINDS = {
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
  files: () => {
    let hashes = [];
    const note = noteLine();
    const input = h("input", { type: "file", multiple: true, onchange: () => { hashes = chosen(input, note); } });
    return [h("div", null, input, note.element), async () => (await hashes).map((hex) => `sha256:${hex}`)];
  },
  text: () => {
    const area = h("textarea");
    return [area, () => area.value.trim()];
  },
};

// What stands in a control, as one text; how a value of the wallet is put there;
// and what stood there at first.
export function raw(f, made) {
  const all = [...made.querySelectorAll("input, select, textarea")];
  const now = () => JSON.stringify(all.map((e) => e.value));
  const put = (values) => { all.forEach((e, i) => { if (e.type !== "file") e.value = values[i]; }); };
  const take = (text) => {
    const span = /^(\d+)([a-z]+)$/.exec(text);
    put(f.kind === "span" ? [span[1], span[2]] : f.kind === "flag" ? [text === "yes" ? "1" : "0"] : [text]);
  };
  const first = now();
  return { now, take, first, reset: () => put(JSON.parse(first)), filled: null };
}
