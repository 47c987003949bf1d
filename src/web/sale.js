// sale.js - what became of a sale: the words of both sides, the second chance.
import * as api from "./api.js";
import { h, fill, badge } from "./dom.js";
import { action, isBusy, sure } from "./act.js";
import { money, plain, short, when } from "./format.js";

const STANDING = {
  open: ["Nothing said yet", ""],
  paid: ["Paid", "good"],
  delivered: ["Delivered", "good"],
  defaulted: ["Not paid", "bad"],
  disputed: ["Disputed", "bad"],
};
const SAID = { paid: "paid", delivered: "delivered", defaulted: "not paid", received: "received" };

// Who may say what, and how one says it. The wallet judges it again.
const WORDS = {
  seller: [["paid", "It was paid"], ["delivered", "I have delivered"], ["defaulted", "It was not paid"]],
  winner: [["paid", "I have paid"], ["received", "I have received it"]],
};

function said(words) {
  return words.length ? words.map((w) => SAID[w] ?? w).join(", ") : "nothing yet";
}

function awardPart(page, award) {
  const [word, kind] = STANDING[award.standing] ?? [award.standing, ""];
  return [h("p", null, badge(word, kind), " ", h("strong", { class: "num" }, money(award.price, page.unit))),
    h("dl", null, h("dt", null, page.info.lots?.length ? `Lot ${award.award} sold to` : award.award > 0 ? "Second chance taken by" : "Sold to"),
      h("dd", null, page.isMe(award.winner) ? "You" : h("span", { class: "mono id", title: award.winner }, short(award.winner))),
      award.pay_by_us ? [h("dt", null, "To be paid by"), h("dd", null, when(award.pay_by_us))] : null,
      h("dt", null, "Seller says"), h("dd", null, said(award.seller_says)),
      h("dt", null, "Buyer says"), h("dd", null, said(award.winner_says)))];
}

function sayButtons(page, award, side) {
  const have = side === "seller" ? award.seller_says : award.winner_says;
  const left = WORDS[side].filter(([word]) => !have.includes(word) && (word !== "defaulted" || (page.isOver(award.pay_by_us) && !have.length)) &&
    !(have.includes("defaulted") && side === "seller"));
  const made = left.map(([word, label]) => action(`${label} …`, {
    call: "settle", busy: "Saying it on the chain …", kind: word === "defaulted" ? "danger" : null,
    what: () => ({ args: [page.id, word], options: { ...page.app.as(), ...(page.info.lots?.length ? { lot: award.award } : {}) } }),
    ask: () => sure(`${label}?`, [
      h("p", null, `You say of the sale for ${money(award.price, page.unit)}: ${SAID[word]}.`),
      word === "defaulted" && award.pay_by_us ? h("p", null, "The runner-up may take a second chance then.") : null,
      h("p", { class: "note wait" }, "Everybody can read it, it counts in the track record, and it cannot be taken back."),
    ].filter((x) => x), "Say it", { danger: word === "defaulted" }),
    done: async () => { await page.refresh(); return "Said. It shows here once it is in a block."; },
  }));
  return made.length ? [h("div", { class: "actions" }, made.map((m) => m.button)), made.map((m) => m.note)] : null;
}

function chancePart(page, chance) {
  const mine = page.isMe(chance.bidder);
  const price = money(chance.price, page.unit);
  if (!mine) return h("p", null, "A second chance is open to ", h("span", { class: "mono id", title: chance.bidder }, short(chance.bidder)), ` for ${price}.`);
  const what = (more) => ({ args: [page.id], options: { ...page.app.as(), price: plain(chance.price, page.unit), ...more } });
  const { button, note } = action(`Buy it for ${price} …`, {
    call: "auction accept", what: () => what({}), busy: "Accepting …", kind: "main",
    ask: async () => {
      const dry = await api.ask("auction accept", what({ "dry-run": true }));
      return sure("Take the second chance?", [h("p", { class: "figures num" }, dry.figures), h("p", null, dry.words),
        h("p", { class: "note wait" }, "It cannot be taken back, and binds you as a bid that won.")], `Buy for ${dry.figures}`);
    },
    done: async () => { await page.refresh(); return "Accepted. It shows here once it is in a block."; },
  });
  return [h("p", null, h("strong", null, "A second chance. "), `The winner did not pay, and you are next. It is yours for ${price}, if you want it.`),
    h("div", { class: "actions" }, button), note];
}

// The part of the page; empty while nothing is sold for good.
export function drawSale(page, host) {
  const { awards = [], second_chance: chance } = page.info;
  const own = awards.filter((a) => page.isMe(a.winner)).at(-1);
  const side = page.isSeller() ? "seller" : "winner";
  // Of lots each is a sale by itself; else the last award is the one that counts.
  const last = side === "seller" ? awards.at(-1) : own;
  const mine = page.info.lots?.length ? awards.filter((a) => side === "seller" || page.isMe(a.winner)) : awards.filter((a) => a === last);
  const now = JSON.stringify([awards, chance, side, mine.map((a) => [a.award, page.isOver(a.pay_by_us)])]);
  if (host.dataset.now === now || isBusy(host)) return;
  host.dataset.now = now;
  host.hidden = !awards.length;
  fill(host, h("h2", null, "What became of it"), awards.map((a) => h("div", { class: "award" }, awardPart(page, a), mine.includes(a) ? sayButtons(page, a, side) : null)),
    chance ? h("div", { class: "award" }, chancePart(page, chance)) : null);
}
