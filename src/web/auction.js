// auction.js - one auction: its state, terms, bids, and what one can do.
import * as api from "./api.js";
import { h, fill, ask, badge, field, noteLine, save, table } from "./dom.js";
import { money, plain, when, exactly, phase, duration, short, standing, STATES, bidAmount, isSealed } from "./format.js";
import { addReasons } from "./lists.js";

const BIDS = 1000;

// The terms come as lines of the wallet, so that what it learns is shown
// here; these are said in more words.
const TERMS = {
  bidders: ["Who may bid", (v) => (v === "anonymous" ? "anyone with a certificate, under a pseudonym" : "anyone with a certificate, openly")],
  direction: ["Who wins", (v) => (v.startsWith("reverse") ? "the lowest bid" : v)],
  clock: ["Clock"],
  price: ["The winner pays"],
  "buy now": ["Buy now"],
  "soft close": ["Soft close"],
  "dated by": ["Dated by"],
  "voted on by": ["Voted on by"],
  "min first": ["First bid must reach"],
  "min step": ["Each step at least"],
  "max step": ["Each step at most"],
  "steps from": ["Steps are measured from"],
  allowed: ["Who is admitted", (v) => `only ${v} on a list`],
  "per bidder": ["Most bids of one bidder"],
  "in all": ["Most bids in all"],
  "open for": ["Open for", seconds],
  reserve: ["Reserve"],
  "close notice": ["Early close", (v) => `by the seller, with ${seconds(v)} of notice`],
  "early close": ["Early close", () => "not possible"],
  D: ["A bid must be in a block within", seconds],
  T: ["A block about every", seconds],
};
function seconds(text) {
  const n = /^([0-9.]+) s$/.exec(text);
  if (!n) return text;
  return Number(n[1]) >= 60 ? duration(Number(n[1]) * 1000) : `${Number(n[1])} s`;
}
export function termsList(lines, first) {
  return h("dl", null, first, lines.map((line) => {
    const [, key, value] = /^(.*?) {2,}(.*)$/.exec(line) ?? [null, line, ""];
    const [label, say] = TERMS[key] ?? [key];
    return [h("dt", null, label), h("dd", null, say ? say(value) : value)];
  }));
}

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
  const proofs = new Map(); // what was verified of own bids
  const parts = {
    head: h("div"), trouble: noteLine(), price: h("section", { class: "sheet price", "aria-label": "State" }),
    act: h("section", { class: "sheet act", "aria-label": "What you can do" }),
    terms: h("section", { class: "sheet" }), bids: h("section", { class: "sheet bids" }), about: h("section", { class: "sheet" }),
  };
  const left = h("span", { class: "num" });
  const unit = unitOf(state.info);
  const own = () => app.wallet.bids;
  const outcome = () => (state.info.outcome_final ? { ...state.info.outcome, final: true } : null);
  const isSeller = () => app.identity?.key === state.info.seller;
  const mine = () => state.bids.filter((b) => own()[b.bid]);

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

  function drawPrice() {
    const { info } = state;
    const end = outcome();
    const close = info.effective_close_us;
    let what;
    if (end) {
      const sold = end.status === "sold";
      const winner = sold && mine().some((b) => b.bidder === end.winner);
      what = [h("h2", null, sold ? "Sold" : "Not sold"),
        h("p", { class: "big num" }, sold ? money(end.price, unit) : "–"),
        sold ? h("p", null, winner ? badge("You won", "good") : ["to ", h("span", { class: "mono", title: end.winner }, short(end.winner))])
          : h("p", null, { "no-bid": "Nobody bid.", "reserve-not-met": "The reserve was not met." }[end.status] ?? end.status),
        verified?.height !== undefined
          ? h("p", { class: "note good", id: "verified" }, `Final and verified here: the outcome stands in block ${verified.height}, and the listed bids give the same.`)
          : verified?.error ? h("p", { class: "note bad" }, `It could not be verified: ${verified.error}`)
            : h("p", { class: "note wait busy" }, "Checking the proof …")];
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
    const [word, kind] = standing(b, outcome());
    const me = Boolean(own()[b.bid]);
    const extra = [b.why ? h("span", { class: "why" }, b.why) : null, me && b.height !== null ? proof(b) : null].filter((x) => x);
    return { mine: me, extra: extra.length ? extra : null, cells: [
      bidAmount(b, own()[b.bid], unit), exactly(b.t_us),
      me ? "You" : h("span", { class: "mono", title: b.bidder }, short(b.bidder)),
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
      state.bids.length ? table("Bids", ["Amount", "Time", "Bidder", "State", "Standing"], state.bids.map(bidRow))
        : h("p", { class: "soft" }, "No bid yet."),
      state.more ? h("p", { class: "soft" }, `The first ${BIDS} bids are shown.`) : null);
  }

  function drawAbout() {
    const { info } = state;
    fill(parts.about, h("h2", null, "About this auction"),
      info.text ? h("p", { class: "text" }, info.text) : null,
      h("dl", null, h("dt", null, "Auction"), h("dd", { class: "mono" }, info.auction),
        h("dt", null, "Seller"), h("dd", null, isSeller() ? "You" : h("span", { class: "mono" }, info.seller)),
        h("dt", null, "Blocks"), h("dd", null, `${info.height}, of which ${info.final_height} final`)));
  }

  // --- what one can do; made anew only when that changes ---

  function action() {
    const { info } = state;
    const end = outcome();
    const anonymous = info.identity === "anonymous";
    if (!app.identity?.valid) return ["name", () => [h("h2", null, "Bidding"), h("p", null, "To bid you need a name that is certified. ", h("a", { href: "#/wallet" }, "Get one"))]];
    if (isSeller()) {
      const canClose = info.terms.close === "owner" && ["open", "final-round", "scheduled"].includes(info.phase);
      if (canClose) return ["close", closeForm];
      if (end && anonymous && end.status === "sold") return ["disclose-seller", () => discloseForm("Who won?", "The notaries open the winner's identity to you, and to nobody else. You get it with evidence that holds without them.")];
      return ["seller", () => [h("h2", null, "Your auction"), h("p", { class: "soft" }, end ? "It is over." : "There is nothing to do now.")]];
    }
    if (end && anonymous && mine().some((b) => b.bidder === end.winner)) return ["disclose-winner", () => discloseForm("Who sold it?", "You won. The notaries show you the seller's certificate.")];
    if (info.phase === "open" || info.phase === "final-round") return ["bid", bidForm];
    if (info.phase === "opening" && info.sealed.ends_us && mine().some(isSealed)) return ["open", openForm];
    return ["none", () => [h("h2", null, "Bidding"), h("p", { class: "soft" }, info.phase === "scheduled" ? "It is not open yet." : "No bid counts any more.")]];
  }
  function drawAct() {
    const [name, build] = action();
    if (parts.act.dataset.kind === name) return;
    parts.act.dataset.kind = name;
    parts.act.hint = null;
    fill(parts.act, build());
  }

  function least() {
    const { terms, clock_price: clock } = state.info;
    if (terms.direction === "dutch") return clock === null ? null : BigInt(clock);
    if (terms.direction !== "ascending") return null;
    const accepted = state.bids.filter((b) => b.code === 0);
    const flags = new Set(terms.flags);
    if (!accepted.length) return flags.has("min-first") ? BigInt(terms.min_first) : null;
    const amounts = accepted.map((b) => BigInt(b.amount));
    const reference = terms.reference === "last" ? amounts.at(-1) : amounts.reduce((a, b) => (a > b ? a : b));
    return reference + (flags.has("min-step") ? BigInt(terms.min_step) : 1n);
  }

  function bidForm() {
    const note = noteLine();
    const amount = h("input", { name: "amount", inputmode: "decimal", autocomplete: "off", required: true });
    const help = h("p", { class: "help" });
    const button = h("button", { class: "main", type: "submit" }, "Bid …");
    const hint = () => {
      const min = least();
      fill(help, min === null ? "Any amount above zero." : [state.info.terms.direction === "dutch" ? "The clock shows " : "To lead, at least ", h("button", {
        type: "button", class: "small", onclick: () => { amount.value = plain(min, unit); amount.focus(); },
      }, money(min, unit))]);
    };
    let hinted;
    parts.act.hint = () => {
      if (hinted === String(least())) return;
      hinted = String(least());
      hint();
    };
    parts.act.hint();
    return [h("h2", null, "Place a bid"), h("form", {
      novalidate: true,
      onsubmit: async (e) => {
        e.preventDefault();
        button.disabled = true;
        amount.removeAttribute("aria-invalid");
        try {
          await placeBid(amount.value.trim().replace(",", "."), note);
          amount.value = "";
        } catch (error) {
          amount.setAttribute("aria-invalid", "true");
          if (error.message) note.error(error);
        } finally {
          button.disabled = false;
        }
        await refresh();
      },
    }, field(`Amount in ${unit.currency}`, amount), help,
    state.info.identity === "anonymous" && !mine().length ? h("p", { class: "help" }, "You bid under a pseudonym. The first bid gets it, which takes some seconds. Bids go to the network through another node than yours, if there is one.") : null,
    note.element, h("div", { class: "actions" }, button))];
  }

  async function placeBid(text, note) {
    note.busy("Judging the bid …");
    const dry = await api.ask("bid place", { args: [id, text], options: { ...app.as(), "dry-run": true } });
    note.clear();
    const answer = await ask((close) => confirmation(dry, close));
    if (answer === null) { note.show("Nothing was sent."); return; }
    note.busy("Sending …");
    const { result, warnings } = await api.callSlowly("bid place", { args: [id, text], options: { ...app.as(), force: answer === "force" } }, (step) => note.busy(step));
    await app.renew();
    const said = warnings.map((w) => `${w[0].toUpperCase()}${w.slice(1)}.`);
    note.show([`Your bid of ${money(result.amount, unit)} was received and stamped. `, said.join(" ")], answer === "force" ? "wait" : "good");
  }
  function confirmation(dry, close) {
    const cancel = h("button", { type: "button", onclick: () => close(null) }, "Cancel");
    if (dry.void) {
      return [h("h2", { id: "dialog-title" }, "This bid would not count"),
        h("p", { class: "figures num" }, dry.figures),
        h("p", { class: "note bad" }, dry.void),
        h("p", null, "You can send it all the same. It goes on the chain for good, and is void unless the state of the auction changes before it is stamped."),
        h("div", { class: "actions" }, cancel, h("button", { type: "button", class: "danger", onclick: () => close("force") }, "Send anyway"))];
    }
    return [h("h2", { id: "dialog-title" }, "Bid this amount?"),
      h("p", { class: "figures num" }, dry.figures), h("p", null, dry.words),
      h("p", { class: "note wait" }, "A bid cannot be withdrawn. If you win, it binds you."),
      h("div", { class: "actions" }, h("button", { type: "button", class: "main", onclick: () => close("bid") }, `Bid ${dry.figures}`), cancel)];
  }

  function closeForm() {
    const note = noteLine();
    const notice = state.info.terms.notice_ms;
    return [h("h2", null, "Your auction"),
      h("p", null, `You may close it early. Bids count until ${notice >= 60000 ? duration(notice) : `${notice / 1000} s`} after that.`),
      h("button", {
        type: "button",
        onclick: async (e) => {
          const yes = await ask((close) => [h("h2", { id: "dialog-title" }, "Close this auction?"),
            h("p", null, "This cannot be undone."),
            h("div", { class: "actions" }, h("button", { type: "button", class: "main", onclick: () => close(true) }, "Close it"),
              h("button", { type: "button", onclick: () => close(null) }, "Cancel"))]);
          if (!yes) return;
          e.target.disabled = true;
          note.busy("Closing …");
          try {
            const { result } = await api.callSlowly("auction close", { args: [id], options: app.as() }, (step) => note.busy(step));
            fill(note.element, "It closes at ", when(result.effective_us), ".");
            note.element.className = "note good";
          } catch (error) {
            note.error(error);
            e.target.disabled = false;
          }
          await refresh();
        },
      }, "Close early …"), note.element];
  }

  // Should holders be gone: the wallet's own bids.
  function openForm() {
    const note = noteLine();
    return [h("h2", null, "Your bid is sealed"),
      h("p", null, `${state.info.sealed.needed} of ${state.info.sealed.holders} notaries open all bids with their keys, by themselves. Should they be gone, you can open your own, until `, when(state.info.sealed.ends_us), "."),
      h("button", {
        type: "button",
        onclick: async (e) => {
          e.target.disabled = true;
          note.busy("Opening …");
          try {
            for (const b of mine().filter(isSealed)) await api.callSlowly("bid open", { args: [b.bid], options: app.as() }, (step) => note.busy(step));
            note.show("Opened. It counts when the opening ends.", "good");
          } catch (error) {
            note.error(error);
            e.target.disabled = false;
          }
        },
      }, "Open my bid"), note.element];
  }

  function discloseForm(title, text) {
    const note = noteLine();
    const out = h("div");
    return [h("h2", null, title), h("p", null, text), h("button", {
      type: "button", class: "main",
      onclick: async (e) => {
        e.target.disabled = true;
        note.busy("Asking the notaries …");
        try {
          const { result, files, warnings } = await api.callSlowly("identity disclose", { args: [id], options: app.as() }, (step) => note.busy(step));
          note.clear();
          e.target.hidden = true;
          fill(out, h("dl", null, h("dt", null, result.party === "winner" ? "Winner" : "Seller"), h("dd", null, h("strong", null, result.subject)),
            h("dt", null, "Certificate"), h("dd", { class: "mono" }, result.fingerprint)),
          warnings.map((w) => h("p", { class: "note wait" }, w)),
          h("div", { class: "actions" }, Object.entries(files ?? {}).map(([name, content]) => save(name, content))),
          result.party === "winner" ? h("p", { class: "help" }, "The .pack proves it to others (gavel identity verify). The .cms is the same, sealed for your certificate.") : null);
        } catch (error) {
          note.error(error);
          e.target.disabled = false;
        }
      },
    }, "Open the identity"), note.element, out];
  }

  // --- all of it ---

  function draw() {
    skew = Number(state.info.phase_time_us) / 1000 - Date.now();
    second();
    drawAct();
    parts.act.hint?.();
    const drawn = JSON.stringify([state, verified, app.identity, Object.keys(own())], (k, v) => (k === "phase_time_us" ? undefined : v));
    if (drawn === lastDrawn) return;
    lastDrawn = drawn;
    drawHead();
    drawPrice();
    drawBids();
    drawAbout();
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
  fill(parts.terms, h("h2", null, "Terms"), termsList(state.info.terms_text));
  fill(host, parts.head, parts.trouble.element, h("div", { class: "two" },
    h("div", null, parts.bids, parts.about), h("div", { class: "side" }, parts.price, parts.act, parts.terms)));
  draw();
  verify();
  return { refresh, second, trouble: (e) => parts.trouble.error(e) };
}
