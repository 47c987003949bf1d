// about.js - what is sold and by whom: text, attachments, track record.
import * as api from "./api.js";
import { h, fill, field, noteLine, table } from "./dom.js";
import { FILE_MAX, hashOf } from "./files.js";

const COUNTS = [["sold", "Sold"], ["paid", "Paid"], ["delivered", "Delivered"], ["defaulted", "Not paid"], ["disputed", "Disputed"], ["open", "Nothing said"]];

// How the sales of a key stand; "" while nobody has asked.
export function recordPart(page) {
  const out = h("div", null, h("p", { class: "soft" }, "Looking it up …"));
  const row = (side, sum) => ({ cells: [h("strong", { class: "id" }, side), ...COUNTS.map(([name]) => String(sum[name] ?? 0))] });
  async function load() {
    try {
      const record = await api.ask("record", { args: [page.info.seller] });
      fill(out, table("Track record", ["", ...COUNTS.map(([, head]) => `>${head}`)], [row("As seller", record.as_seller), row("As buyer", record.as_winner)]),
        h("p", { class: "help" }, "Counted from final auctions, by the words of both sides. Anybody can get a new key; a key with a past cannot lose it."));
    } catch (error) { fill(out, h("p", { class: "soft" }, `It could not be looked up: ${error.message}`)); }
  }
  if (page.info.seller_pseudonym) fill(out, h("p", { class: "soft" }, "The seller is a pseudonym, used for one auction: it has no past."));
  else load();
  return [h("h2", null, "Track record of the seller"), out];
}

// The file stays in the browser: its hash is compared with those of OPEN.
async function check(file, list) {
  if (file.size > FILE_MAX) return ["The file is too large for the browser: gavel auction show --check-attachment reads it.", "wait"];
  const hex = await hashOf(file);
  const at = list.indexOf(hex);
  return at < 0 ? [`${file.name} is none of them. Its hash is ${hex}.`, "bad"] : [`${file.name} is attachment ${at + 1}, bit by bit.`, "good"];
}

export function attachmentsPart(list) {
  const note = noteLine();
  const input = h("input", {
    type: "file",
    onchange: async () => {
      if (!input.files.length) { note.clear(); return; }
      note.busy("Reading the file …");
      try { note.show(...await check(input.files[0], list)); } catch (error) { note.error(error); }
    },
  });
  return [h("h2", null, "Attachments"),
    h("p", { class: "soft" }, "The chain has their hashes (SHA-256); the seller hands out the files."),
    h("ol", { class: "hashes" }, list.map((hash) => h("li", null, h("span", { class: "mono" }, hash)))),
    field("Is this file one of them?", input, "It is read by this page alone, and sent nowhere."), note.element];
}

export function drawAbout(page, host) {
  const { info } = page;
  const now = JSON.stringify([info.height, info.final_height, page.isSeller()]);
  if (host.dataset.now === now) return;
  host.dataset.now = now;
  fill(host, h("h2", null, "About this auction"),
    info.text ? h("p", { class: "text" }, info.text) : null,
    h("dl", null, h("dt", null, "Auction"), h("dd", { class: "mono" }, info.auction),
      h("dt", null, "Seller"), h("dd", null, page.isSeller() ? "You" : h("span", { class: "mono" }, info.seller)),
      info.relists ? [h("dt", null, "Offered before"), h("dd", null, h("a", { href: `#/auction/${info.relists}` }, "the older auction"), ", by the seller's word")] : null,
      h("dt", null, "Blocks"), h("dd", null, `${info.height}, of which ${info.final_height} final`)));
}
