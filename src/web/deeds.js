// deeds.js - what a person can do in an auction, beside bidding.
import * as api from "./api.js";
import { h, fill, save } from "./dom.js";
import { action, sure } from "./act.js";
import { duration, money, when, isSealed } from "./format.js";
import { bidForm } from "./bidform.js";
import { failed, relistForm, unsoldLots } from "./relist.js";

// With a reserve that nobody sees.
const HIDDEN = ["sealed-reserve", "hidden-reserve", "final-round-reserve"];

function closeForm(page) {
  const notice = page.info.terms.notice_ms;
  const wait = notice >= 60000 ? duration(notice) : `${notice / 1000} s`;
  const what = (cancel) => () => ({ args: [page.id], options: { ...page.app.as(), ...(cancel ? { cancel: true } : {}) } });
  const said = (text) => async ({ result }) => {
    await page.refresh();
    return [text, when(result.effective_us), "."];
  };
  const early = action("Close early …", {
    call: "auction close", what: what(false), busy: "Closing …", done: said("It closes at "),
    ask: () => sure("Close this auction?", [h("p", null, "This cannot be undone.")], "Close it"),
  });
  const cancel = action("Cancel it …", {
    call: "auction close", what: what(true), busy: "Cancelling …", done: said("Cancelled, unless a bid was made before "), kind: "danger",
    ask: () => sure("Cancel this auction?", [
      h("p", null, "Nobody gets it then, unless a bid counts before your word does: a cancellation that a bid has beaten closes the auction early instead."),
      h("p", null, "This cannot be undone.")], "Cancel the auction", { danger: true }),
  });
  return [h("h2", null, "Your auction"),
    h("p", null, `You may close it early: bids count until ${wait} after that. While it has no accepted bid you may cancel it.`),
    h("div", { class: "actions" }, early.button, cancel.button), early.note, cancel.note];
}

// Should holders be gone: one's own secrets, which are seldom needed.
function openText({ sealed }) {
  return [`${sealed.needed} of ${sealed.holders} notaries open everything by themselves; ${sealed.released.length} of them ${sealed.released.length === 1 ? "has" : "have"} done it so far. Should the others be gone, you can open yours, until `, when(sealed.ends_us), "."];
}
function openBids(page) {
  const { button, note } = action("Open my bid", {
    busy: "Opening …",
    run: async (tell) => {
      for (const b of page.mine().filter(isSealed)) await api.callSlowly("bid open", { args: [b.bid], options: page.app.as() }, tell);
    },
    done: () => "Published. It counts when the opening ends.",
  });
  return [h("h2", null, "Your bid is sealed"), h("p", null, openText(page.info)), h("div", { class: "actions" }, button), note];
}
function openReserve(page) {
  const { button, note } = action("Open my reserve", {
    call: "auction open", busy: "Opening …", what: () => ({ args: [page.id], options: page.app.as() }),
    done: ({ result }) => `Published: the reserve is ${money(result.reserve, page.unit)}.`,
  });
  return [h("h2", null, "Your reserve is sealed"), h("p", null, openText(page.info)), h("div", { class: "actions" }, button), note];
}

// One identity to open: of the lot, where there are lots.
function discloseOne(page, lot) {
  const out = h("div");
  const { button, note } = action(lot ? `Open the identity: ${lot.lot}. ${lot.title}` : "Open the identity", {
    call: "identity disclose", busy: "Asking the notaries …", kind: "main",
    what: () => ({ args: [page.id], options: { ...page.app.as(), ...(lot ? { lot: lot.lot } : {}) } }),
    done: ({ result: all, files, warnings }) => {
      const result = lot ? all.lots[0] : all;
      button.hidden = true;
      fill(out, h("dl", null, h("dt", null, result.party === "winner" ? "Winner" : "Seller"), h("dd", null, h("strong", null, result.subject)),
        h("dt", null, "Certificate"), h("dd", { class: "mono" }, result.fingerprint)),
      warnings.map((w) => h("p", { class: "note wait" }, w)),
      h("div", { class: "actions" }, Object.entries(files ?? {}).map(([name, content]) => save(name, content))),
      result.party === "winner" ? h("p", { class: "help" }, "The .pack proves it to others (gavel identity verify). The .cms is the same, sealed for your certificate.") : null);
    },
  });
  return [button, note, out];
}

function discloseForm(page, title, text) {
  const sold = (page.info.lots ?? []).filter((l) => l.status === "sold" && (page.isSeller() || page.isMe(l.winner)));
  return [h("h2", null, title), h("p", null, text), ...(sold.length ? sold : [null]).flatMap((lot) => discloseOne(page, lot))];
}

function quiet(title, text) {
  return [h("h2", null, title), h("p", { class: "soft" }, text)];
}

function sellerDeeds(page) {
  const { info } = page;
  const end = page.outcome();
  if (info.terms.close === "owner" && ["open", "final-round", "scheduled"].includes(info.phase)) return ["close", () => closeForm(page)];
  if (info.phase === "opening" && info.sealed?.ends_us && HIDDEN.includes(info.terms.visibility) && info.sealed.reserve === null) return ["open-reserve", () => openReserve(page)];
  const left = unsoldLots(info);
  const again = end && (info.lots?.length ? left.length > 0 : failed(info));
  if (end?.status === "sold" && info.identity === "anonymous") {
    return [`disclose-seller-${info.awards?.length} ${again ? left : ""}`, () => [
      ...discloseForm(page, "Who won?", "The notaries open the winner's identity to you, and to nobody else. You get it with evidence that holds without them."),
      ...(again ? relistForm(page) : [])]];
  }
  if (again) return [`relist ${left}`, () => relistForm(page)];
  return ["seller", () => quiet("Your auction", end ? "It is over." : "There is nothing to do now.")];
}

// What there is to do now: a name, which changes when that does, and what
// makes it. made(form): a bid form that was made, to be told of changes.
export function deed(page, made) {
  const { app, info } = page;
  if (!app.identity?.valid) return ["name", () => [h("h2", null, "Bidding"), h("p", null, "To bid you need a name that is certified. ", h("a", { href: "#/wallet" }, "Get one"))]];
  if (page.isSeller()) return sellerDeeds(page);
  if (page.outcome() && info.identity === "anonymous" && page.awarded()) return [`disclose-winner-${info.awards?.length}`, () => discloseForm(page, "Who sold it?", "You won. The notaries show you the seller's certificate.")];
  if (info.phase === "open" || info.phase === "final-round") {
    return ["bid", () => {
      const form = bidForm(page);
      made(form);
      return form.element;
    }];
  }
  if (info.phase === "opening" && info.sealed.ends_us && page.mine().some(isSealed)) return ["open", () => openBids(page)];
  return ["none", () => quiet("Bidding", info.phase === "scheduled" ? "It is not open yet." : "No bid counts any more.")];
}
