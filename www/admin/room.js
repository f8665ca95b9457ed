// One room as it is now: asked every two seconds while somebody looks.

import { NoAnswer, askRoom } from "./ask.js";
import { makeCounts } from "./counts.js";
import { bindDecisions } from "./decisions.js";
import { byId, write } from "./element.js";
import { OF_COMMITS, OF_FRAMES, OF_SESSIONS, makeFigures } from "./figures.js";
import { healthOfOne, silence } from "./health.js";
import { makePlots } from "./plots.js";
import { OF_ROOM } from "./plotted.js";
import { rates } from "./rates.js";
import { showHealth, showWaiting } from "./strip.js";
import { bindTimeline } from "./timeline.js";
import { watch } from "./watch.js";
import { bytes, count, decimal } from "./words.js";

const EVERY_MS = 2_000;
/** Longer between two answers is a gap. */
const GAP_MS = 4 * EVERY_MS;
const RATES = { overMs: 1000, leastMs: 500, gapMs: GAP_MS };

const NOW = [
  ["sessions", "Sessions", count, "Connections"],
  ...OF_SESSIONS,
  ["presenceRate", "Presence/s", decimal, "Updates of presence"],
  ...OF_COMMITS,
  ...OF_FRAMES,
  ["errorRate", "Errors/s", decimal, "Refused or undone, closed by the room, or failed"],
  ["sequence", "Sequence", count, "The last sequence number"],
  ["log_rows", "Log rows", count, "Rows of the log that are not compacted"],
  ["log_bytes", "Log", bytes],
  ["snapshot_bytes", "Snapshot", bytes],
  ["quarantined_rows", "Damaged rows", count, "Kept and not served"],
  ["heap_bytes", "Heap", bytes, "Wasm memory that rooms share"],
];

/** Returns `{ start(secret, document), stop() }`. `onError` is told what is no answer. */
export function bindRoom(onError) {
  const showNow = makeFigures(byId("room-now"), NOW);
  const showCounts = makeCounts(byId("room-counts"), "since it woke");
  const plots = makePlots(byId("plots"), OF_ROOM, GAP_MS);
  const timeline = bindTimeline();
  const decisions = bindDecisions();
  let measure;
  let answeredAt;
  let stop = () => {};

  async function look(secret, document, signal) {
    try {
      const room = await askRoom(document, secret, signal);
      answeredAt = Date.now();
      show(room);
      await decisions.look(secret, room, signal);
    } catch (error) {
      if (!(error instanceof NoAnswer)) return onError(error, signal);
      const silentMs = answeredAt === null ? null : Date.now() - answeredAt;
      showHealth(silence(error.message, silentMs), "Asking again every 2 s");
      if (answeredAt === null) notice(`There is nothing to show. ${error.message}`, true);
    }
  }

  function show(room) {
    const { now, sessions, sequence, events } = room;
    const shown = { ...room, ...measure.take(now, room) };
    showNow(shown);
    plots.add({ ...shown, at: now });
    timeline.add(events);
    showCounts(room);
    showHealth(healthOfOne(room), "Asked every 2 s");
    const isEmpty = sessions === 0 && sequence === 0 && events.length === 0;
    notice(isEmpty ? "This room holds nothing and nobody is in it." : "");
  }

  return {
    start(secret, document) {
      measure = rates(RATES);
      answeredAt = null;
      showNow({});
      plots.clear();
      timeline.clear();
      decisions.clear();
      notice("");
      showWaiting("the room");
      stop = watch((signal) => look(secret, document, signal), EVERY_MS);
    },
    stop: () => stop(),
  };
}

/** Says something about the room; a `bare` one has no figures. */
function notice(words, bare = false) {
  byId("room").classList.toggle("bare", bare);
  byId("room-notice").hidden = words === "";
  write(byId("room-words"), words);
}
