// lists.js - the lists of auctions and of one's own bids.
import * as api from "./api.js";
import { h, fill, badge, noteLine, table } from "./dom.js";
import { endOf } from "./lots.js";
import { money, exactly, phase, duration, standing, bidAmount, isSealed, STATES } from "./format.js";

const PAGE = 50;
const REASONS = 30;
const OWN_AUCTIONS = 25; // whose bids are looked up, newest first

const unit = (row) => ({ currency: row.currency, exponent: row.exponent });

function timeLeft(a) {
  const now = Date.now();
  if (a.phase === "scheduled") return `opens in ${duration(a.opening_ms - now)}`;
  if (a.effective_close_us && ["open", "final-round", "closing"].includes(a.phase)) {
    const left = Number(a.effective_close_us) / 1000 - now;
    return left > 0 ? `${duration(left)} left` : "over";
  }
  return a.phase === "open" ? "no end fixed" : "–";
}

function auctionRow(a) {
  const [word, kind] = phase(a.phase);
  const sold = a.outcome_final && a.outcome?.status === "sold";
  const price = a.lot_count ? `${a.lot_count} lots` : sold ? money(a.outcome.price, unit(a)) : a.leader ? money(a.leader.amount, unit(a)) : "–";
  return { cells: [
    [h("a", { href: `#/auction/${a.auction}` }, a.title), h("span", { class: "why" }, a.identity === "anonymous" ? "anonymous bidders" : "certified bidders")],
    badge(sold ? "Sold" : a.outcome_final ? "Not sold" : word, sold ? "good" : kind),
    h("span", { "data-time": a.auction }, timeLeft(a)),
    String(a.bids.accepted + a.bids.sealed),
    price,
  ] };
}

const TABS = [["open", "Open"], ["closed", "Closed"], ["all", "All"], ["mine", "Mine"]];

const NOTHING = { open: "No auction is open.", closed: "No auction has closed yet.", all: "There are no auctions yet.", mine: "You have not opened an auction yet." };

export async function auctionsPage(app, host) {
  let tab = sessionStorage.getItem("gavel-tab") ?? "open";
  let rows = [];
  let next = null;
  let shown = PAGE;
  let drawn = "";
  const note = noteLine();
  const list = h("div", { class: "sheet" });
  const more = h("div", { class: "actions" });
  const tabs = h("div", { class: "tabs", role: "group", "aria-label": "Which auctions" });

  function options() {
    const o = { reverse: true, limit: shown };
    if (tab === "open" || tab === "closed") o[tab] = true;
    if (tab === "mine" && app.identity) o.owner = app.identity.key;
    return o;
  }
  // Those that this wallet's pseudonyms sell: nobody else could list them.
  async function underPseudonyms() {
    // One that the node does not know is left out.
    const none = (e) => { if (e.status !== 200) throw e; return { auctions: [] }; };
    const asked = (app.wallet.sells ?? []).slice(-OWN_AUCTIONS).map((id) => api.ask("auction list", { options: { id } }).catch(none));
    return (await Promise.all(asked)).flatMap((answer) => answer.auctions);
  }
  async function load() {
    const wish = tab;
    const answer = tab === "mine" && !app.identity ? { auctions: [], next: null }
      : await api.ask("auction list", { options: options() });
    const hidden = tab === "mine" ? await underPseudonyms() : [];
    if (wish !== tab) return;
    rows = [...hidden, ...answer.auctions].sort((a, b) => b.opening_ms - a.opening_ms);
    next = answer.next;
  }
  const buttons = TABS.map(([name, title]) => h("button", {
    type: "button",
    onclick: () => {
      tab = name;
      shown = PAGE;
      sessionStorage.setItem("gavel-tab", tab);
      again();
    },
  }, title));
  const showMore = h("button", { type: "button", onclick: () => { shown = Math.min(1000, shown + PAGE); again(); } }, "Show more");
  fill(tabs, buttons);
  fill(more, showMore);
  function second() {
    for (const a of rows) {
      const cell = list.querySelector(`[data-time="${a.auction}"]`);
      if (cell) cell.textContent = timeLeft(a);
    }
  }
  // Made anew only when something changed: a click takes a while.
  function draw() {
    const now = JSON.stringify([tab, rows]);
    if (now === drawn) return;
    drawn = now;
    buttons.forEach((b, i) => b.setAttribute("aria-pressed", String(TABS[i][0] === tab)));
    // The table is made anew; who uses the keyboard stays where he was.
    const at = list.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    fill(list, rows.length
      ? table("Auctions", ["Auction", "Phase", "Time", ">Bids", ">Price"], rows.map(auctionRow))
      : h("p", { class: "soft" }, NOTHING[tab], " ", h("a", { href: "#/sell" }, "Sell something")));
    if (at) list.querySelector(`a[href="${at}"]`)?.focus({ preventScroll: true });
    showMore.hidden = !next || shown >= 1000;
  }
  // A slow answer does not undo a later wish.
  async function again() {
    const wish = tab;
    try {
      await load();
      if (wish === tab) note.clear();
    } catch (e) {
      if (e.status === 401) throw e;
      note.error(e);
    }
    if (wish === tab) draw();
  }
  await load();
  draw();
  fill(host, h("div", { class: "head" }, h("h1", null, "Auctions"), tabs), note.element, list, more);
  return { refresh: again, second, trouble: (e) => note.error(e) };
}

// --- one's own bids ---

const whys = new Map(); // reasons that were asked for

async function why(bid) {
  const key = `${bid.bid} ${bid.code} ${bid.have} ${bid.want}`;
  if (!whys.has(key)) whys.set(key, (await api.ask("bid why", { args: [bid.bid] })).text);
  return whys.get(key);
}
// Of so many at a time; the others show the short name of the clause.
export async function addReasons(bids) {
  let left = REASONS;
  for (const bid of bids) {
    if (bid.code === 0 || isSealed(bid)) continue;
    bid.why = left-- > 0 ? await why(bid) : bid.code_name;
  }
}

const titleOf = (info, b) => (b.lot ? `${info.title}, lot ${b.lot}: ${info.lots?.[b.lot - 1]?.title}` : info.title);

async function ownBids(app) {
  const own = app.wallet.bids;
  const newest = new Map();
  for (const b of Object.values(own)) newest.set(b.auction, Math.max(newest.get(b.auction) ?? 0, Number(b.placed_ms)));
  const auctions = [...newest].sort((a, b) => b[1] - a[1]).slice(0, OWN_AUCTIONS).map(([id]) => id);
  const rows = [];
  for (const id of auctions) {
    const info = await api.ask("auction show", { args: [id] });
    const outcome = info.outcome_final ? { ...info.outcome, final: true } : null;
    const all = await api.ask("bid list", { options: { auction: id, limit: 1000 } });
    const mine = all.bids.filter((b) => own[b.bid]);
    await addReasons(mine);
    const chance = mine.findLast((b) => b.bidder === info.second_chance?.bidder);
    for (const b of mine) rows.push({ ...b, title: titleOf(info, b), outcome: endOf(info, b, outcome), own: own[b.bid], chance: b === chance });
    // Signed, and nobody said for good that it is stamped: the next bid looks.
    for (const [bid, b] of Object.entries(own))
      if (b.auction === id && b.state === "sending" && !mine.some((m) => m.bid === bid))
        rows.push({ bid, auction: id, title: info.title, amount: b.amount, t_us: Number(b.placed_ms) * 1000, state: "sending", outcome, code: 0, currency: info.terms.currency, exponent: info.terms.exponent });
  }
  return rows.sort((a, b) => Number(b.t_us) - Number(a.t_us));
}

function bidRow(b) {
  const [word, kind] = b.state === "sending" ? (b.outcome ? ["Never arrived", "soft"] : ["Not known yet", "wait"]) : standing(b, b.outcome);
  return { cells: [
    h("a", { href: `#/auction/${b.auction}` }, b.title),
    bidAmount(b, b.own, unit(b)),
    exactly(b.t_us),
    STATES[b.state] ?? b.state, badge(word, kind),
  ], extra: b.why ? h("span", { class: "why" }, b.why) : b.chance ? h("strong", null, "The winner did not pay: a second chance is open to you.") : null };
}

export async function bidsPage(app, host) {
  const note = noteLine();
  const list = h("div", { class: "sheet" });
  let drawn = "";
  const again = async () => {
    const rows = await ownBids(app);
    const now = JSON.stringify(rows);
    note.clear();
    if (now === drawn) return;
    drawn = now;
    fill(list, rows.length
      ? table("My bids", ["Auction", ">Amount", "Time", "State", "Standing"], rows.map(bidRow))
      : h("p", { class: "soft" }, "You have placed no bid yet. ", h("a", { href: "#/auctions" }, "See what is open")));
  };
  await app.renew();
  await again();
  fill(host, h("h1", null, "My bids"),
    h("p", { class: "soft" }, "Newest first. A bid counts once it is in a block, and nothing is won before it is final."),
    note.element, list);
  return { refresh: again, trouble: (e) => note.error(e) };
}

