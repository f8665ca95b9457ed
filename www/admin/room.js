// One room as it is now: asked every two seconds while somebody looks.

import { NoAnswer, askRoom } from "./ask.js";
import { makeCounts } from "./counts.js";
import { byId, write } from "./element.js";
import { forget, makeFigures } from "./figures.js";
import { growth, quantile } from "./growth.js";
import { healthOfOne, silence } from "./health.js";
import { makePlots } from "./plots.js";
import { showHealth, showWaiting } from "./strip.js";
import { bindTimeline } from "./timeline.js";
import { watch } from "./watch.js";
import { bytes, count, decimal } from "./words.js";

const EVERY_MS = 2_000;
/** Longer between two answers is a gap in the plots. */
const GAP_MS = 4 * EVERY_MS;
const COUNTERS = ["updates", "frames_received", "frames_sent", "received_bytes", "sent_bytes"];

const NOW = [
  ["sessions", "Sessions", "Connections"],
  ["behind", "Behind", "Connections that do not keep up"],
  ["updates", "Updates/s"],
  ["framesIn", "Frames in/s"],
  ["framesOut", "Frames out/s"],
  ["bytesIn", "Bytes in/s"],
  ["bytesOut", "Bytes out/s"],
  ["sequence", "Sequence", "The last sequence number"],
  ["logRows", "Log rows", "Rows of the log that are not compacted"],
  ["logBytes", "Log"],
  ["snapshot", "Snapshot"],
  ["quarantined", "Damaged rows", "Kept and not served"],
  ["heap", "Heap", "Wasm memory that rooms share"],
];

/** Returns `{ start(secret, document), stop() }`. `onError` is told what is no answer. */
export function bindRoom(onError) {
  const showNow = makeFigures(byId("room-now"), NOW);
  const showCounts = makeCounts(byId("room-counts"), "since it woke");
  const plots = makePlots(byId("plots"));
  const timeline = bindTimeline();
  let measure;
  let lastAt;
  let answeredAt;
  let stop = () => {};

  async function look(secret, document, signal) {
    try {
      const room = await askRoom(document, secret, signal);
      answeredAt = Date.now();
      show(room);
    } catch (error) {
      if (!(error instanceof NoAnswer)) return onError(error, signal);
      const silentMs = answeredAt === null ? null : Date.now() - answeredAt;
      showHealth(silence(error.message, silentMs), "Asking again every 2 s");
      if (answeredAt === null) notice(`There is nothing to show. ${error.message}`, true);
    }
  }

  function show(room) {
    const { now, sessions, sequence, events } = room;
    // A pause would be averaged over, and drawn as if somebody had looked.
    if (lastAt !== null && now - lastAt > GAP_MS) {
      measure = growth({ overMs: 1000, leastMs: 500 });
      plots.add({ at: lastAt + 1 });
    }
    lastAt = now;
    const { bounds_ms: bounds, buckets } = room.commit_delays;
    const counters = COUNTERS.map((name) => [name, room[name]]);
    const delays = buckets.map((amount, at) => [`delay ${at}`, amount]);
    measure.add(now, Object.fromEntries([...counters, ...delays]));
    const measured = measure.measured();
    const rate = (name) => (measured ? measured.perSecond(name) : null);
    const recent = buckets.map((_, at) => measured?.grown(`delay ${at}`) ?? 0);
    showFigures(room, rate);
    plots.add(sample(room, rate, (q) => quantile(recent, bounds, q)));
    timeline.add(events);
    showCounts(room);
    showHealth(healthOfOne(room), "Asked every 2 s");
    const isEmpty = sessions === 0 && sequence === 0 && events.length === 0;
    notice(isEmpty ? "This room holds nothing and nobody is in it." : "");
  }

  function showFigures(room, rate) {
    showNow({
      sessions: count(room.sessions),
      behind: count(room.sessions_behind),
      updates: decimal(rate("updates") ?? NaN),
      framesIn: decimal(rate("frames_received") ?? NaN),
      framesOut: decimal(rate("frames_sent") ?? NaN),
      bytesIn: bytes(rate("received_bytes") ?? NaN),
      bytesOut: bytes(rate("sent_bytes") ?? NaN),
      sequence: count(room.sequence),
      logRows: count(room.log_rows),
      logBytes: bytes(room.log_bytes),
      snapshot: bytes(room.snapshot_bytes),
      quarantined: count(room.quarantined_rows),
      heap: bytes(room.heap_bytes),
    });
  }

  return {
    start(secret, document) {
      measure = growth({ overMs: 1000, leastMs: 500 });
      lastAt = answeredAt = null;
      forget(showNow, NOW);
      plots.clear();
      timeline.clear();
      notice("");
      showWaiting("the room");
      stop = watch((signal) => look(secret, document, signal), EVERY_MS);
    },
    stop: () => stop(),
  };
}

/** `delay` tells a quantile of the commits since the last answer. */
function sample(room, rate, delay) {
  return {
    at: room.now,
    updates: rate("updates"),
    framesIn: rate("frames_received"),
    framesOut: rate("frames_sent"),
    sessions: room.sessions,
    behind: room.sessions_behind,
    p50: delay(0.5),
    p95: delay(0.95),
    p99: delay(0.99),
    logRows: room.log_rows,
    logBytes: room.log_bytes,
  };
}

/** Says something about the room; a `bare` one has no figures. */
function notice(words, bare = false) {
  byId("room").classList.toggle("bare", bare);
  byId("room-notice").hidden = words === "";
  write(byId("room-words"), words);
}
