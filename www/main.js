// The demo: puts the shared document and the page together. All that keeps copies equal is in the
// client; here are only fields, words and drawings.

import { drawCarets } from "./carets.js";
import { bindConnection } from "./connection.js";
import { documentAddress, documentName, documentTitle, newDocumentName } from "./names.js";
import { bindNote } from "./note.js";
import { bindPeople } from "./people.js";
import { openShared } from "./shared.js";
import { bindTasks } from "./tasks.js";

const element = (id) => document.getElementById(id);

function announce(words) {
  element("announce").textContent = words;
}

/** The document's name from the address; a visitor without one gets a new one. */
function nameFromAddress() {
  const known = documentName(location.href);
  if (known) return known;
  const name = newDocumentName();
  history.replaceState(null, "", documentAddress(location.href, name));
  return name;
}

function showAddress(name) {
  const title = documentTitle(name);
  element("title").textContent = title;
  document.title = `${title} · Selvedge`;
  element("link").value = documentAddress(location.href, name);
  element("link").addEventListener("focus", () => element("link").select());
  element("copy").addEventListener("click", copyAddress);
}

async function copyAddress() {
  const { link, copy } = { link: element("link"), copy: element("copy") };
  try {
    await navigator.clipboard.writeText(link.value);
    copy.textContent = "Copied";
    announce("Link copied");
    setTimeout(() => {
      copy.textContent = "Copy link";
    }, 2000);
  } catch {
    // Not allowed here: at least it is selected, ready to be copied by hand.
    link.focus();
    announce("The link is selected, copy it with the keyboard");
  }
}

function showProblem(words) {
  element("notice-words").textContent = words;
  element("notice").hidden = false;
}

async function start() {
  const name = nameFromAddress();
  showAddress(name);
  let shared;
  try {
    shared = await openShared(name);
  } catch (error) {
    console.error(error);
    element("strip").dataset.status = "closed";
    element("status").textContent = "Not connected";
    element("cloth").hidden = true;
    showProblem(`The note could not be opened: ${explain()}.`);
    return;
  }
  const carets = drawCarets(element("mirror"), element("carets"));
  const iMoved = bindPeople(shared.presence, carets.peersChanged);
  bindNote(element("note"), shared.note, (shown, delta, mine) => {
    carets.textChanged(shown, delta, mine);
    iMoved();
  });
  bindTasks(shared.tasks, announce);
  bindConnection(shared.connection, announce);
  shared.connection.observe(() => {
    const { state, reason } = shared.connection.status();
    if (state === "closed") showProblem(closedWords(reason));
  });
}

function explain() {
  if (typeof WebAssembly === "undefined") return "this browser does not run WebAssembly";
  return navigator.onLine ? "a part of the page did not load" : "this device is offline";
}

function closedWords(reason) {
  return (
    `The room closed this tab's connection and will not take it back: ${reason || "no reason given"}. ` +
    "What you see here stays until you leave. Copy what you need first."
  );
}

start();
