// How the connection is doing and what is saved, in words, and the two buttons.

const STITCHES_MAX = 12;
const QUIET_MS = 1200;

/** Shows `connection` in the strip and announces what matters to those who cannot see it. */
export function bindConnection(connection, announce) {
  const strip = document.getElementById("strip");
  const cut = document.getElementById("cut");
  const mend = document.getElementById("mend");
  let cutByVisitor = false;
  let wasOnline = false;
  let announced = "";
  let timer = 0;

  function show() {
    const { state } = connection.status();
    const pending = connection.pending();
    wasOnline ||= state === "online";
    const words = describe({ state, pending, cutByVisitor, wasOnline });
    strip.dataset.status = state;
    strip.dataset.pending = pending;
    write("status", words.status);
    write("saved", words.saved);
    drawStitches(pending);
    showButtons(state);
    warnBeforeLeaving(pending > 0);
    // Each keystroke passes through "Saving"; only what stays is worth saying.
    clearTimeout(timer);
    timer = setTimeout(() => {
      const text = `${words.status}. ${words.saved}`;
      if (text !== announced) announce((announced = text));
    }, QUIET_MS);
  }

  function showButtons(state) {
    const focused = [cut, mend].includes(document.activeElement);
    cut.hidden = cutByVisitor || state === "closed";
    mend.hidden = !cutByVisitor || state === "closed";
    if (focused) (cut.hidden ? mend : cut).focus();
  }

  cut.addEventListener("click", () => {
    cutByVisitor = true;
    connection.cut();
    show();
  });
  mend.addEventListener("click", () => {
    cutByVisitor = false;
    connection.mend();
    show();
  });
  connection.observe(show);
  show();
}

function describe({ state, pending, cutByVisitor, wasOnline }) {
  const changes = pending === 1 ? "1 change" : `${pending} changes`;
  const kept =
    pending > 0 ? `${changes} kept here, in this tab` : "What you write is kept in this tab";
  switch (state) {
    case "online":
      return { status: "Connected", saved: pending > 0 ? `Saving… (${pending})` : "Saved" };
    case "connecting":
      if (!wasOnline && pending === 0) return { status: "Connecting…", saved: "Opening the note" };
      return { status: "Connecting…", saved: pending > 0 ? kept : "Catching up" };
    case "closed":
      return {
        status: "Stopped",
        saved: pending > 0 ? `${changes} not saved, still in this tab` : "Nothing here is unsaved",
      };
    default:
      return {
        status: cutByVisitor ? "Offline" : "Offline, trying again",
        saved: kept,
      };
  }
}

/** Each change that waits is a stitch on this side of the thread. */
function drawStitches(pending) {
  const stitches = document.getElementById("stitches");
  const count = Math.min(pending, STITCHES_MAX);
  while (stitches.childElementCount > count) stitches.lastChild.remove();
  while (stitches.childElementCount < count) stitches.append(document.createElement("u"));
}

function warnBeforeLeaving(unsaved) {
  const change = unsaved ? window.addEventListener : window.removeEventListener;
  change.call(window, "beforeunload", stay);
}

function stay(event) {
  event.preventDefault();
}

function write(id, words) {
  const element = document.getElementById(id);
  if (element.textContent !== words) element.textContent = words;
}
