// auction.js - one auction: its state, terms, bids, and what one can do.
import * as api from "./api.js";
import { h, fill, badge, noteLine, table } from "./dom.js";
import { money, when, exactly, phase, duration, short, standing, STATES, bidAmount } from "./format.js";
import { addReasons } from "./lists.js";
import { isBusy } from "./act.js";
import { attachmentsPart, drawAbout, recordPart } from "./about.js";
import { deed } from "./deeds.js";
import { explainPart } from "./explain.js";
import { endOf, lotsTable } from "./lots.js";
import { drawSale } from "./sale.js";
import { termsList, warningNotes } from "./terms.js";

const BIDS = 1000;

const unitOf = (info) => ({ currency: info.terms.currency, exponent: info.terms.exponent });

async function fetchAll(id) {
  const [info, list] = await Promise.all([
    api.ask("auction show", { args: [id] }),
    api.ask("bid list", { options: { auction: id, limit: BIDS } }),
  ]);
  await addReasons(list.bids);
  return { info, bids: list.bids, more: Boolean(list.next) };
}

export async function auctionPage(app, host, id) {
  let state = await fetchAll(id);
  let skew = 0; // the node's clock less ours, in ms
  let verified = null;
  let lastDrawn = "";
  let bidding = null; // the form of a bid, while there is one
  const proofs = new Map(); // what was verified of own bids
  const parts = {
    head: h("div"), trouble: noteLine(), price: h("section", { class: "sheet price", "aria-label": "State" }),
    act: h("section", { class: "sheet act", "aria-label": "What you can do" }),
    sale: h("section", { class: "sheet sale", "aria-label": "The sale", hidden: true }),
    terms: h("section", { class: "sheet" }), lots: h("section", { class: "sheet things", hidden: true }), bids: h("section", { class: "sheet bids" }), explain: h("section", { class: "sheet" }),
    about: h("section", { class: "sheet" }), files: h("section", { class: "sheet" }), record: h("section", { class: "sheet" }),
  };
  const left = h("span", { class: "num" });
  const unit = unitOf(state.info);
  const own = () => app.wallet.bids;
  const outcome = () => (state.info.outcome_final ? { ...state.info.outcome, final: true } : null);
  const mine = () => state.bids.filter((b) => own()[b.bid]);
  // What the parts of the page are given.
  const page = {
    app, id, unit, outcome, mine,
    get info() { return state.info; },
    get bids() { return state.bids; },
    isSeller: () => app.identity?.key === state.info.seller || (app.wallet.sells ?? []).includes(id),
    isMe: (key) => app.identity?.key === key || mine().some((b) => b.bidder === key),
    awarded: () => [state.info.outcome, ...(state.info.awards ?? [])].some((a) => a && page.isMe(a.winner)),
    isOver: (us) => !us || Date.now() + skew > Number(us) / 1000,
    refresh: () => refresh(),
  };

  function second() {
    const { info } = state;
    const now = Date.now() + skew;
    const close = info.effective_close_us ? Number(info.effective_close_us) / 1000 : null;
    let text = "";
    if (info.phase === "scheduled") text = `opens in ${duration(info.opening_ms - now)}`;
    else if (info.phase === "open" && close === null) text = "no end is fixed yet";
    else if (info.phase === "open") text = `${duration(close - now)} left`;
    else if (info.phase === "final-round") text = `${duration(close - now)} left for one sealed bid each`;
    else if (info.phase === "closing") text = "bids are on their way into blocks";
    else if (info.phase === "opening") text = "what is sealed is being opened";
    else if (info.phase === "awaiting-final") text = "the result waits for the votes";
    if (left.textContent !== text) left.textContent = text;
  }

  function drawHead() {
    const [word, kind] = phase(state.info.phase);
    fill(parts.head, h("h1", null, state.info.title),
      h("p", null, badge(word, kind), " ", left));
  }

  function drawLots() {
    parts.lots.hidden = !state.info.lots?.length;
    if (!parts.lots.hidden) fill(parts.lots, h("h2", null, "Lots"), lotsTable(page, bidding ? (lot) => bidding?.choose(lot) : null));
  }

  function verdict() {
    if (verified?.height !== undefined) return h("p", { class: "note good", id: "verified" }, `Final and verified here: the outcome stands in block ${verified.height}, and the listed bids give the same.`);
    if (verified?.error) return h("p", { class: "note bad" }, `It could not be verified: ${verified.error}`);
    return h("p", { class: "note wait busy" }, "Checking the proof …");
  }

  function drawPrice() {
    const { info } = state;
    const end = outcome();
    const close = info.effective_close_us;
    let what;
    if (info.lots?.length) {
      const sold = info.lots.filter((l) => l.status === "sold").length;
      what = [h("h2", null, `${info.lots.length} lots`), end
        ? [h("p", null, badge(`${sold} sold`, sold ? "good" : ""), ` of ${info.lots.length}`), verdict()]
        : h("p", { class: "soft" }, "Each has its own leader, and its own end.")];
    } else if (end) {
      const sold = end.status === "sold";
      const winner = sold && mine().some((b) => b.bidder === end.winner);
      what = [h("h2", null, sold ? "Sold" : "Not sold"),
        h("p", { class: "big num" }, sold ? money(end.price, unit) : "–"),
        sold ? h("p", null, winner ? badge("You won", "good") : ["to ", h("span", { class: "mono id", title: end.winner }, short(end.winner))])
          : h("p", null, { "no-bid": "Nobody bid.", "reserve-not-met": "The reserve was not met.", cancelled: "It was cancelled before the first bid." }[end.status] ?? end.status),
        verdict()];
    } else {
      const best = mine().filter((b) => b.code === 0).sort((a, b) => Number(b.leading) - Number(a.leading))[0];
      const falling = info.clock_price !== null && !info.leader;
      const waiting = info.bids.sealed && info.sealed?.opened_height === null ? "sealed" : "none yet";
      what = [h("h2", null, falling ? "Price now" : "Leading bid"),
        h("p", { class: "big num" }, info.leader ? money(info.leader.amount, unit) : falling ? money(info.clock_price, unit) : waiting),
        falling && info.next_drop_us ? h("p", { class: "soft" }, "It falls next ", when(info.next_drop_us)) : null,
        best ? h("p", null, badge(best.leading ? "You lead" : "You are outbid", best.leading ? "good" : "wait")) : null];
    }
    fill(parts.price, what, h("dl", null,
      h("dt", null, "Opened"), h("dd", null, when(info.opening_ms * 1000)),
      h("dt", null, info.phase === "open" || info.phase === "final-round" ? "Closes" : "Closed"), h("dd", null, close ? when(close) : "not yet fixed"),
      h("dt", null, "Bids"), h("dd", null, `${info.bids.accepted} accepted, ${info.bids.void} void${info.bids.sealed ? `, ${info.bids.sealed} sealed` : ""}`)));
  }

  function bidRow(b) {
    const [word, kind] = standing(b, endOf(state.info, b, outcome()));
    const me = Boolean(own()[b.bid]);
    const extra = [b.why ? h("span", { class: "why" }, b.why) : null, me && b.height !== null ? proof(b) : null].filter((x) => x);
    return { mine: me, extra: extra.length ? extra : null, cells: [
      ...(b.lot ? [String(b.lot)] : []), bidAmount(b, own()[b.bid], unit), exactly(b.t_us),
      me ? "You" : h("span", { class: "mono id", title: b.bidder }, short(b.bidder)),
      STATES[b.state] ?? b.state, badge(word, kind),
    ] };
  }
  function proof(b) {
    const place = h("span", { class: "why" });
    const said = proofs.get(b.bid);
    if (said) { fill(place, said); return place; }
    fill(place, h("button", {
      type: "button", class: "small",
      onclick: async () => {
        try {
          const p = await api.ask("bid show", { args: [b.bid], options: { proof: true } });
          const text = `Proof verified: it stands in block ${p.proof.height}${p.proof.final ? ", which is final" : ""}.`;
          if (p.proof.final) proofs.set(b.bid, text);
          fill(place, text);
        } catch (e) { fill(place, e.message); }
      },
    }, "Check the proof"));
    return place;
  }
  function drawBids() {
    fill(parts.bids, h("h2", null, "Bids, in the order of their time"),
      state.bids.length ? table("Bids", [...(state.info.lots?.length ? [">Lot"] : []), ">Amount", "Time", "Bidder", "State", "Standing"], state.bids.map(bidRow))
        : h("p", { class: "soft" }, outcome() ? "Nobody bid." : "No bid yet."),
      state.more ? h("p", { class: "soft" }, `The first ${BIDS} bids are shown.`) : null);
  }

  // Made anew only when what one can do changes, so that nothing typed is lost.
  function drawAct() {
    let form = null;
    const [name, build] = deed(page, (f) => { form = f; });
    if (parts.act.dataset.kind === name || isBusy(parts.act)) return;
    parts.act.dataset.kind = name;
    fill(parts.act, build());
    bidding = form;
  }

  // --- all of it ---

  function draw() {
    skew = Number(state.info.phase_time_us) / 1000 - Date.now();
    second();
    drawAct();
    bidding?.hint();
    drawSale(page, parts.sale);
    const drawn = JSON.stringify([state, verified, app.identity, Object.keys(own()), state.info.lots?.map((l) => page.isOver(l.effective_close_us))], (k, v) => (k === "phase_time_us" ? undefined : v));
    if (drawn === lastDrawn) return;
    lastDrawn = drawn;
    drawHead();
    drawPrice();
    drawLots();
    drawBids();
    drawAbout(page, parts.about);
  }
  async function verify() {
    if (!outcome() || verified) return;
    verified = {};
    try {
      const o = await api.ask("auction outcome", { args: [id], options: { verify: true } });
      verified = { height: o.verified_height };
    } catch (e) { verified = { error: e.message }; }
    draw();
  }
  async function refresh() {
    state = await fetchAll(id);
    parts.trouble.clear();
    draw();
    verify();
  }
  fill(parts.terms, h("h2", null, "Terms"), termsList(state.info.terms_text), warningNotes(state.info.warnings ?? []));
  fill(parts.explain, explainPart(page));
  fill(parts.record, recordPart(page));
  const files = state.info.attachments ?? [];
  if (files.length) fill(parts.files, attachmentsPart(files));
  fill(host, parts.head, parts.trouble.element, h("div", { class: "two" },
    h("div", null, parts.lots, parts.bids, parts.explain, parts.about, files.length ? parts.files : null, parts.record),
    h("div", { class: "side" }, parts.price, parts.act, parts.sale, parts.terms)));
  draw();
  verify();
  return { refresh, second, trouble: (e) => parts.trouble.error(e) };
}
