// The demo: puts the shared document and the page together. All that keeps copies equal is in the
// client; here are only fields, words and drawings.

import { bindAsides } from "./aside.js";
import { bindAuthors } from "./authors.js";
import { drawCarets } from "./carets.js";
import { bindConflicts } from "./conflicts.js";
import { bindConnection } from "./connection.js";
import { bindDecisions } from "./decisions.js";
import * as names from "./names.js";
import { bindPeople } from "./people.js";
import { bindRejections } from "./rejections.js";
import { bindRole, roleFromAddress, tokenFor } from "./roles.js";
import { openShared } from "./shared.js";
import { bindTasks } from "./tasks.js";
import { bindUndo } from "./undo.js";

const element = (id) => document.getElementById(id);

function announce(words) {
  element("announce").textContent = words;
}

/** The document's name from the address; a visitor without one gets a new one. */
function nameFromAddress() {
  const known = names.documentName(location.href);
  if (known) return known;
  const name = names.newDocumentName();
  history.replaceState(null, "", names.documentAddress(location.href, name));
  return name;
}

function showAddress(name) {
  const title = names.documentTitle(name);
  element("title").textContent = title;
  document.title = `${title} · Selvedge`;
  element("link").value = names.documentAddress(location.href, name);
  element("link").addEventListener("focus", () => element("link").select());
  element("copy").addEventListener("click", copyAddress);
  const ruled = names.documentAddress(location.href, `ruled/${names.newDocumentName()}`);
  element("ruled").href = ruled;
}

async function copyAddress() {
  const link = element("link");
  const copy = element("copy");
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

/** There is no note to show, only the reason. */
function showFailure(words) {
  element("strip").dataset.status = "refused";
  element("status").textContent = "Not connected";
  element("cloth").hidden = true;
  showProblem(words);
}

async function start() {
  const name = nameFromAddress();
  if (!names.isDocumentName(name)) {
    return showFailure("No note can have the name in this address.");
  }
  showAddress(name);
  let shared;
  try {
    const role = roleFromAddress();
    shared = await openShared(name, tokenFor(role, names.myName()), role ?? "");
  } catch (error) {
    console.error(error);
    return showFailure(`The note could not be opened: ${explain()}.`);
  }
  const nameOf = (id) => {
    const state = shared.presence.others().get(id);
    return state && names.person(state).name;
  };
  const carets = drawCarets(element("mirror"), element("carets"));
  const iMoved = bindPeople(shared.presence, carets.peersChanged);
  const rewritten = bindAuthors(element("note"), carets.indexAt, shared.history.authors);
  element("note").disabled = false;
  shared.note.bind(element("note"), (shown, delta, mine) => {
    carets.textChanged(shown, delta, mine);
    rewritten();
    iMoved();
  });
  bindTasks(shared.tasks, announce);
  bindRole(shared.access, announce);
  bindConnection(shared.connection, announce);
  bindAsides(shared.connection);
  bindRejections(shared.connection, announce);
  bindUndo(shared.undo, element("note"), announce);
  bindConflicts(shared.connection, nameOf, announce);
  bindDecisions(shared.history.decisions);
  shared.connection.observe(() => {
    const { state, reason } = shared.connection.status();
    if (state === "refused") showProblem(closedWords(reason));
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
