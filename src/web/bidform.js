// bidform.js - placing a bid: judged by the wallet, asked about, then sent.
import * as api from "./api.js";
import { h, fill, ask, field, noteLine } from "./dom.js";
import { tick } from "./act.js";
import { money, plain, when } from "./format.js";
import { lotChoice, termsOf } from "./lots.js";
import { warningNotes } from "./terms.js";

// The least that leads, if the terms say; a help, judged by nobody.
function least({ info, bids }, lot) {
  const { clock_price: clock } = info;
  const terms = termsOf(info, lot);
  if (terms.direction === "dutch") return clock === null ? null : BigInt(clock);
  if (terms.direction !== "ascending") return null;
  const accepted = bids.filter((b) => b.code === 0 && b.lot === lot);
  const flags = new Set(terms.flags);
  if (!accepted.length) return flags.has("min-first") ? BigInt(terms.min_first) : null;
  const amounts = accepted.map((b) => BigInt(b.amount));
  const reference = terms.reference === "last" ? amounts.at(-1) : amounts.reduce((a, b) => (a > b ? a : b));
  return reference + (flags.has("min-step") ? BigInt(terms.min_step) : 1n);
}

function helpText(page, lot, put) {
  const { info, unit } = page;
  const min = least(page, lot);
  if (info.final_round?.on) return ["You have one last bid, sealed until the close.", info.final_round.floor === null ? "" : ` It has to better ${money(info.final_round.floor, unit)}.`];
  if (min === null) return info.terms.direction === "reverse" ? "The lowest bid wins." : "Any amount above zero.";
  const dutch = info.terms.direction === "dutch";
  return [dutch ? "The clock shows " : "To lead, at least ",
    h("button", { type: "button", class: "small", onclick: () => put(plain(min, unit)) }, money(min, unit)),
    dutch && info.next_drop_us ? [" and falls next ", when(info.next_drop_us)] : null];
}

function confirmation(dry, warnings, lot, close) {
  const cancel = h("button", { type: "button", onclick: () => close(null) }, "Cancel");
  const amount = [lot ? h("p", null, `For lot ${lot.lot}: ${lot.title}`) : null,
    h("p", { class: "figures num" }, dry.figures), h("p", null, dry.words),
    dry.total_text ? h("p", null, "With the other lots that you lead, in all: ", h("strong", null, dry.total_text)) : null];
  if (dry.final_round) amount.push(h("p", { class: "note wait" }, "The final round is on: this is your one last bid, and it is sealed until the close."));
  if (dry.void) {
    return [h("h2", { id: "dialog-title" }, "This bid would not count"), ...amount,
      h("p", { class: "note bad" }, dry.void), ...warningNotes(warnings),
      h("p", null, "You can send it all the same. It goes on the chain for good, and is void unless the state of the auction changes before it is stamped."),
      h("div", { class: "actions" }, cancel, h("button", { type: "button", class: "danger", onclick: () => close("force") }, "Send anyway"))];
  }
  const yes = h("button", { type: "button", class: "main", disabled: warnings.length > 0, onclick: () => close("bid") }, `Bid ${dry.figures}`);
  return [h("h2", { id: "dialog-title" }, "Bid this amount?"), ...amount, ...warningNotes(warnings),
    warnings.length ? tick(`I mean ${dry.figures}, with no digit too many`, yes) : null,
    h("p", { class: "note wait" }, "A bid cannot be withdrawn. If you win, it binds you."),
    h("div", { class: "actions" }, yes, cancel)];
}

// True when it was sent.
async function place(page, text, lot, note) {
  const { app, id, unit } = page;
  const which = lot ? { lot } : {};
  note.busy("Judging the bid …");
  const { result: dry, warnings: mind } = await api.call("bid place", { args: [id, text], options: { ...app.as(), ...which, "dry-run": true } });
  note.clear();
  const answer = await ask((close) => confirmation(dry, mind, page.info.lots?.[lot - 1], close));
  if (answer === null) { note.show("Nothing was sent."); return false; }
  note.busy("Sending …");
  const { result, warnings } = await api.callSlowly("bid place", { args: [id, text], options: { ...app.as(), ...which, force: answer === "force", kind: dry.final_round ? "final-round" : "usual" } }, (step) => note.busy(step));
  await app.renew();
  const said = warnings.map((w) => `${w[0].toUpperCase()}${w.slice(1)}.`);
  note.show([`Your bid of ${money(result.amount, unit)} was received and stamped. `, said.join(" ")], answer === "force" ? "wait" : "good");
  return true;
}

// {element, hint(), choose(lot)}: hint says anew what would lead; choose begins a
// bid for a lot.
export function bidForm(page) {
  const note = noteLine();
  const amount = h("input", { name: "amount", inputmode: "decimal", autocomplete: "off", required: true });
  const help = h("p", { class: "help" });
  const button = h("button", { class: "main", type: "submit" }, "Bid …");
  const first = page.info.identity === "anonymous" && !page.mine().length;
  let hinted = "";
  const choice = lotChoice(page, () => hint());
  const lot = () => (choice ? Number(choice.select.value) : 0);
  const put = (text) => { amount.value = text; amount.focus(); };
  const choose = (number) => { choice.select.value = String(number); hint(); amount.focus(); };
  const hint = () => {
    choice?.tell();
    const now = JSON.stringify([lot(), String(least(page, lot())), page.info.next_drop_us, page.info.final_round]);
    if (now === hinted) return;
    hinted = now;
    fill(help, helpText(page, lot(), put));
  };
  async function submit(e) {
    e.preventDefault();
    button.disabled = true;
    amount.removeAttribute("aria-invalid");
    try {
      if (await place(page, amount.value.trim().replace(",", "."), lot(), note)) amount.value = "";
    } catch (error) {
      amount.setAttribute("aria-invalid", "true");
      note.error(error);
    } finally {
      button.disabled = false;
    }
    await page.refresh();
  }
  hint();
  return { hint, choose, element: [h("h2", null, "Place a bid"), h("form", { novalidate: true, onsubmit: submit },
    choice ? field("Lot", choice.select) : null, field(`Amount in ${page.unit.currency}`, amount), help,
    first ? h("p", { class: "help" }, "You bid under a pseudonym. The first bid gets it, which takes some seconds. Bids go to the network through another node than yours, if there is one.") : null,
    note.element, h("div", { class: "actions" }, button))] };
}
