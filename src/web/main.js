// main.js - start, pages by the address behind #, and what all pages share.
import * as api from "./api.js";
import { h, fill, noteLine } from "./dom.js";
import { auctionsPage, bidsPage } from "./lists.js";
import { auctionPage } from "./auction.js";
import { sellPage } from "./sell.js";
import { walletPage } from "./wallet.js";

const REFRESH_MS = 2000;
const STATUS_MS = 15000;

const PAGES = [
  ["auctions", "Auctions", auctionsPage],
  ["bids", "My bids", bidsPage],
  ["sell", "Sell", sellPage],
  ["wallet", "Wallet", walletPage],
  ["auction", null, auctionPage],
];

// What every page is given: the wallet as it is, who acts, and the way on.
const app = {
  wallet: null,
  get identity() {
    const all = this.wallet?.identities ?? [];
    return all.find((i) => i.name === (this.chosen ?? this.wallet?.as)) ?? all.find((i) => i.valid) ?? all[0] ?? null;
  },
  chosen: null,
  as() { return this.identity ? { as: this.identity.name } : {}; },
  async renew() {
    this.wallet = await api.wallet();
    showWho();
  },
  go(address) { location.hash = address; },
};

const main = document.getElementById("main");
let page = null; // {refresh(), title}
let renewing = false;
let turn = 0;

function showNav(current) {
  fill(document.getElementById("nav"), PAGES.filter(([, title]) => title).map(([name, title]) =>
    h("a", { href: `#/${name}`, "aria-current": name === current ? "page" : null }, title)));
}

function showWho() {
  const who = document.getElementById("who");
  const all = app.wallet.identities.filter((i) => i.certified);
  if (all.length < 2) {
    fill(who, app.identity ? app.identity.name : "");
    return;
  }
  if (who.querySelector("select")) return;
  fill(who, h("label", null, "Acting as ", h("select", {
    onchange: (e) => { app.chosen = e.target.value; route(); },
  }, all.map((i) => h("option", { value: i.name, selected: i === app.identity }, i.name)))));
}

async function showNode() {
  const line = document.getElementById("node");
  try {
    const s = await api.ask("status");
    fill(line, `Network ${s.network} · node ${s.version} · ${s.peers} peer${s.peers === 1 ? "" : "s"}${s.sync?.done === false ? " · still fetching blocks" : ""}`);
  } catch (e) {
    fill(line, `No node: ${e.message}`);
  }
}

function showClosed(e) {
  showNav(null);
  page = null;
  fill(main, h("h1", { tabindex: "-1" }, "This page needs a fresh link"),
    h("p", null, "Open the newest link that ", h("code", null, "gavel web"), " printed in its terminal. Each link opens the page once; after that it prints another one."),
    h("p", { class: "soft" }, e.message));
}

async function route() {
  const [, name = "auctions", id = ""] = (location.hash || "#/auctions").split("/");
  const known = PAGES.find(([n]) => n === name) ?? PAGES[0];
  const mine = ++turn;
  // Without a wallet or a certificate there is one thing to do first.
  const entry = app.wallet.exists ? known : PAGES[3];
  const host = h("div");
  page = null;
  showNav(entry[0]);
  try {
    const made = await entry[2](app, host, decodeURIComponent(id));
    if (mine !== turn) return;
    page = made;
    fill(main, host);
    document.title = `${host.querySelector("h1")?.textContent ?? "Gavel"} · Gavel`;
    host.querySelector("h1")?.setAttribute("tabindex", "-1");
    host.querySelector("h1")?.focus({ preventScroll: true });
    scrollTo(0, 0);
  } catch (e) {
    if (mine !== turn) return;
    if (e.status === 401) { showClosed(e); return; }
    const note = noteLine();
    note.error(e);
    fill(main, h("h1", { tabindex: "-1" }, "This did not work"), note.element,
      h("div", { class: "actions" }, h("button", { type: "button", onclick: route }, "Try again")));
  }
}

async function tick() {
  if (document.hidden || renewing || !page?.refresh || document.querySelector("dialog[open]")) return;
  renewing = true;
  try {
    await page.refresh();
  } catch (e) {
    if (e.status === 401) showClosed(e);
    else page?.trouble?.(e);
  } finally {
    renewing = false;
  }
}

async function start() {
  const token = /^#([0-9a-f]{64})$/.exec(location.hash)?.[1];
  if (token) {
    history.replaceState(null, "", "/#/auctions");
    await api.login(token);
  }
  if (!api.hasSession()) throw new api.Refused(401, { message: "this tab has no session" });
  await app.renew();
  addEventListener("hashchange", () => {
    // A link pasted into an open tab.
    if (/^#[0-9a-f]{64}$/.test(location.hash)) location.reload();
    else if (location.hash.startsWith("#/")) route();
  });
  await route();
  showNode();
  setInterval(tick, REFRESH_MS);
  setInterval(() => { if (!document.hidden) showNode(); }, STATUS_MS);
  setInterval(() => page?.second?.(), 1000);
}

start().catch((e) => {
  if (e.status === 401) api.forget();
  showClosed(e);
});
