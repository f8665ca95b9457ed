// The operators' dashboard: who is signed in, and which page is shown.

import { Refused } from "./ask.js";
import { byId, write } from "./element.js";
import { bindOverview } from "./overview.js";
import { bindRoom } from "./room.js";
import { roomOf } from "./route.js";
import { forgetSecret, keepSecret, keptSecret, whyForgotten } from "./secret.js";
import { bindSignIn } from "./sign_in.js";
import { nameWords } from "./words.js";

const views = { overview: bindOverview(failed), room: bindRoom(failed) };
const askSecret = bindSignIn(signedIn);
let shown = null;
/** Where the list was left, to come back to. */
let overviewTop = 0;

function signedIn(secret) {
  keepSecret(secret);
  show();
  byId("title").focus({ preventScroll: true });
}

/** What was shown goes, too: nothing is left of it in a new page. */
function signOut(words) {
  for (const { stop } of Object.values(views)) stop();
  forgetSecret(words);
  location.reload();
}

/** What is no answer: the secret was changed, or this page is wrong. */
function failed(error, signal) {
  if (signal.aborted) return;
  if (error instanceof Refused) signOut("The secret is not accepted any more. Sign in again.");
  else throw error;
}

/** Shows what the address says, or the form. */
function show() {
  const secret = keptSecret();
  const name = roomOf(location.hash);
  const view = secret === null ? "sign-in" : name === null ? "overview" : "room";
  if (shown === "overview" && view === "room") overviewTop = scrollY;
  for (const { stop } of Object.values(views)) stop();
  for (const id of ["sign-in", "overview", "room"]) byId(id).hidden = id !== view;
  byId("strip").hidden = byId("sign-out").hidden = view === "sign-in";
  byId("back").hidden = view !== "room";
  entitle(view === "room" ? nameWords(name) : view === "sign-in" ? "Sign in" : "Rooms");
  if (view === "sign-in") askSecret(whyForgotten());
  else views[view].start(secret, name);
  shown = view;
}

function entitle(title) {
  write(byId("title"), title);
  byId("title").classList.toggle("long", title.length > 48);
  document.title = `${title.slice(0, 80)} · Selvedge`;
}

window.addEventListener("hashchange", () => {
  const before = shown;
  show();
  if (shown === "sign-in") return;
  byId("title").focus({ preventScroll: true });
  scrollTo(0, before === "room" && shown === "overview" ? overviewTop : 0);
});
byId("sign-out").addEventListener("click", () => signOut("Signed out."));
// The address is the page's own: the skip link must not change it.
byId("skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId("main").focus();
});

show();
