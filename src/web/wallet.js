// wallet.js - the wallet: making one, and its names.
import * as api from "./api.js";
import { h, fill, badge, field, noteLine, table } from "./dom.js";
import { when } from "./format.js";

export async function walletPage(app, host) {
  if (!app.wallet.exists) { setup(app, host); return {}; }
  await app.renew();
  const list = h("div", { class: "sheet" });
  let drawn = "";
  function draw() {
    const all = app.wallet.identities;
    if (drawn === JSON.stringify(all)) return;
    drawn = JSON.stringify(all);
    fill(list, h("h2", null, "Names"), all.length
      ? table("Names", ["Name", "Certificate", "Ledger key"], all.map((i) => ({ cells: [
        h("strong", null, i.name),
        i.valid ? [badge("Valid", "good"), " until ", when(i.not_after_ms * 1000)]
          : i.waiting ? badge("Waits for approval", "wait") : badge(i.certified ? "Not valid now" : "None yet", "bad"),
        h("span", { class: "mono" }, i.key),
      ] })))
      : h("p", { class: "soft" }, "No name yet. To sell or bid, get one certified below."));
  }
  draw();
  fill(host, h("h1", null, "Wallet"),
    h("p", { class: "soft" }, `A wallet of network ${app.wallet.network}. Its keys stay in the program that serves this page.`),
    list, enrolForm(app, draw));
  return { refresh: async () => { await app.renew(); draw(); } };
}

function enrolForm(app, changed) {
  const note = noteLine();
  const waiting = app.wallet.identities.find((i) => i.waiting && !i.valid);
  const name = h("input", { name: "name", maxlength: 64, required: true, autocomplete: "off", value: waiting?.name });
  const secret = h("input", { type: "password", name: "secret", autocomplete: "off" });
  const button = h("button", { class: "main", type: "submit" }, "Get a certificate");
  let stop = false;

  async function enrol(e) {
    e.preventDefault();
    button.disabled = true;
    const texts = secret.value ? { "secret-file": secret.value } : {};
    note.busy("Asking the CA …");
    // In short pieces, so that the wallet can do other things meanwhile.
    for (let tries = 0; tries < 720 && !stop; tries++) {
      try {
        await api.callSlowly("enrol", { options: { name: name.value.trim(), wait: "5s" }, texts }, (step) => note.busy(step));
        await app.renew();
        note.show(`${name.value.trim()} is certified. You can sell and bid now.`, "good");
        name.value = secret.value = "";
        changed();
        break;
      } catch (error) {
        await app.renew();
        changed();
        if (!/again later/.test(error.message)) { note.error(error); break; }
        note.busy("Waiting for approval at the CA …");
      }
      if (!button.isConnected) stop = true;
    }
    button.disabled = false;
  }
  return h("form", { class: "sheet", onsubmit: enrol }, h("h2", null, app.wallet.identities.length ? "Another name" : "Your name"),
    h("p", null, "The CA of the network certifies your name once. In certified auctions everybody sees it with your bids; in anonymous ones only the other party does, after the end."),
    h("div", { class: "fields" }, field("Name", name), field("One-time secret of the CA", secret, "Only if you were given one.")),
    note.element, h("div", { class: "actions" }, button));
}

// --- no wallet yet ---

function setup(app, host) {
  const note = noteLine();
  fill(host, h("h1", null, "Welcome"),
    h("p", null, "There is no wallet here yet. A wallet is 24 words: whoever has them has the wallet, and they bring everything back if this machine is lost."),
    note.element,
    h("div", { class: "fields" },
      h("section", { class: "sheet" }, h("h2", null, "A new wallet"),
        h("p", null, "You are shown 24 words once, and type three of them back."),
        h("button", {
          type: "button", class: "main",
          onclick: async () => {
            try { showWords(app, host, await api.ask("words")); } catch (e) { note.error(e); }
          },
        }, "Make a wallet")),
      h("section", { class: "sheet" }, h("h2", null, "I have words"),
        h("p", null, "Bring a wallet back from its words."),
        h("button", { type: "button", onclick: () => restoreForm(app, host) }, "Restore a wallet"))));
}

async function finish(app, host) {
  await app.renew();
  app.go("#/wallet");
  dispatchEvent(new HashChangeEvent("hashchange"));
}

function showWords(app, host, made) {
  const title = h("h1", { tabindex: "-1" }, "Write these words down");
  fill(host, title,
    h("p", null, "On paper, in this order. They are not shown again, and not kept anywhere but in the wallet."),
    h("ol", { class: "words" }, made.words.split(" ").map((w, i) => h("li", null, h("span", { class: "place" }, `${i + 1}. `), w))),
    h("div", { class: "actions" }, h("button", { type: "button", class: "main", onclick: () => confirmWords(app, host, made.ask) }, "I have written them down")));
  title.focus();
}

function confirmWords(app, host, places) {
  const note = noteLine();
  const title = h("h1", { tabindex: "-1" }, "Type three of them");
  const inputs = places.map(() => h("input", { autocomplete: "off", autocapitalize: "none", spellcheck: "false", required: true }));
  const button = h("button", { class: "main", type: "submit" }, "Make the wallet");
  fill(host, title, h("form", {
    class: "sheet",
    onsubmit: async (e) => {
      e.preventDefault();
      button.disabled = true;
      note.busy("Making the wallet …");
      try {
        await api.call("confirm", { texts: { typed: inputs.map((i) => i.value.trim().toLowerCase()).join(" ") } });
        await finish(app, host);
      } catch (error) { note.error(error); }
      button.disabled = false;
    },
  }, h("div", { class: "fields" }, inputs.map((input, i) => field(`Word ${places[i]}`, input))), note.element,
  h("div", { class: "actions" }, button, h("button", { type: "button", onclick: () => setup(app, host) }, "Begin again"))));
  title.focus();
}

function restoreForm(app, host) {
  const note = noteLine();
  const title = h("h1", { tabindex: "-1" }, "Restore a wallet");
  const words = h("textarea", { name: "words", autocomplete: "off", autocapitalize: "none", spellcheck: "false", required: true });
  const button = h("button", { class: "main", type: "submit" }, "Restore");
  fill(host, title, h("form", {
    class: "sheet",
    onsubmit: async (e) => {
      e.preventDefault();
      button.disabled = true;
      note.busy("Restoring: asking the node what belongs to these words …");
      try {
        const { warnings } = await api.callSlowly("restore", { texts: { "words-file": words.value.trim().toLowerCase().split(/\s+/).join(" ") } }, (step) => note.busy(step));
        if (!warnings.length) { await finish(app, host); return; }
        fill(host, h("h1", null, "Restored, but not all of it"), warnings.map((w) => h("p", { class: "note wait" }, w)),
          h("div", { class: "actions" }, h("button", { type: "button", class: "main", onclick: () => finish(app, host) }, "Go on")));
      } catch (error) {
        note.error(error);
        await app.renew();
        if (app.wallet.exists) await finish(app, host);
      }
      button.disabled = false;
    },
  }, field("The words, with blanks between them", words, null, true), note.element,
  h("div", { class: "actions" }, button, h("button", { type: "button", onclick: () => setup(app, host) }, "Back"))));
  title.focus();
}
