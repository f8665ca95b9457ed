// How the connection is doing and what is saved, in words, and the two buttons.

const STITCHES_MAX = 12;
const QUIET_MS = 1200;

/** Shows `connection` in the strip and announces what matters to those who cannot see it. */
export function bindConnection(connection, announce) {
  const strip = document.getElementById("strip");
  const cut = document.getElementById("cut");
  const mend = document.getElementById("mend");
  let cutByVisitor = false;
  let wasLive = false;
  let announced = "";
  let timer = 0;

  function show() {
    const { state } = connection.status();
    const { pending, pendingHere } = connection.saved();
    const isKept = connection.isKept();
    wasLive ||= state === "live";
    const words = describe({ state, pending, pendingHere, isKept, cutByVisitor, wasLive });
    strip.dataset.status = state;
    strip.dataset.pending = pending;
    write("status", words.status);
    write("saved", words.saved);
    strip.dataset.pendingHere = pendingHere;
    drawStitches(pending);
    showButtons(state);
    // Each keystroke passes through "Saving"; only what stays is worth saying.
    clearTimeout(timer);
    timer = setTimeout(() => {
      const text = `${words.status}. ${words.saved}`;
      if (text !== announced) announce((announced = text));
    }, QUIET_MS);
  }

  function showButtons(state) {
    const focused = [cut, mend].includes(document.activeElement);
    cut.hidden = cutByVisitor || state === "refused";
    mend.hidden = !cutByVisitor || state === "refused";
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

function describe({ state, pending, pendingHere, isKept, cutByVisitor, wasLive }) {
  const changes = pending === 1 ? "1 change" : `${pending} changes`;
  const where = isKept && pendingHere === 0 ? "in this browser" : "in this tab only";
  const kept = pending > 0 ? `${changes} kept ${where}` : `What you write is kept ${where}`;
  switch (state) {
    case "live":
      return { status: "Connected", saved: pending > 0 ? `Saving… (${pending})` : "Saved" };
    case "connecting":
    case "behind":
      if (!wasLive && pending === 0) return { status: "Connecting…", saved: "Opening the note" };
      return { status: "Connecting…", saved: pending > 0 ? kept : "Catching up" };
    case "refused":
      return {
        status: "Stopped",
        saved: pending > 0 ? `${changes} not saved, kept ${where}` : "Nothing here is unsaved",
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

function write(id, words) {
  const element = document.getElementById(id);
  if (element.textContent !== words) element.textContent = words;
}
