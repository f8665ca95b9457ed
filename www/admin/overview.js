// All rooms: what the registry knows of them, asked every few seconds.

import { NoAnswer, askReady, askRooms } from "./ask.js";
import { makeCounts } from "./counts.js";
import { byId, write } from "./element.js";
import { OF_COMMITS, OF_FRAMES, OF_SESSIONS, makeFigures } from "./figures.js";
import { healthOfAll, silence } from "./health.js";
import { makePlots } from "./plots.js";
import { OF_ALL } from "./plotted.js";
import { rates } from "./rates.js";
import { bindRooms } from "./rooms.js";
import { showHealth, showWaiting } from "./strip.js";
import { watch } from "./watch.js";
import { ago, bytes, count, decimal, span } from "./words.js";

const EVERY_MS = 5_000;
/** Longer between two answers is a gap in the plots. */
const GAP_MS = 4 * EVERY_MS;
/** Asking whether rooms can write makes one write. */
const READY_EVERY_MS = 30_000;
/** Each room tells once a minute, so that a rate over less would jump. */
const RATES = { overMs: 120_000, leastMs: 60_000 };

const NOW = [
  ["rooms", "Rooms known", count, "Rooms that ever told something"],
  ["active_rooms", "Rooms active", count, "Rooms that told something in the last two minutes"],
  ["sessions", "Sessions", count, "Connections, as rooms told last"],
  ...OF_SESSIONS,
  ["stored", "Stored", bytes, "Snapshots, and the logs behind them"],
  ["heap_bytes", "Largest heap", bytes, "Wasm memory that rooms share"],
];
const perMinute = (rate) => decimal(rate * 60);
const RATED = [
  ...OF_COMMITS,
  ["presenceRate", "Presence/s", decimal, "Updates of presence"],
  ["errorRate", "Errors/min", perMinute, "Refused or undone, closed by rooms, or failed"],
  ...OF_FRAMES,
  ["wakeRate", "Wakes/min", perMinute, "Rooms that were loaded from storage"],
];

/** Returns `{ start(secret), stop() }`. `onError` is told what is no answer. */
export function bindOverview(onError) {
  const showNow = makeFigures(byId("overview-now"), NOW);
  const showRated = makeFigures(byId("overview-rates"), RATED);
  const plots = makePlots(byId("overview-plots"), OF_ALL, GAP_MS);
  const showCounts = makeCounts(byId("overview-counts"), "in all");
  const showRooms = bindRooms();
  const measure = rates(RATES);
  let first = null;
  let answeredAt = null;
  let readyAt = 0;
  let isReady = true;
  let stop = () => {};

  async function look(secret, signal) {
    try {
      const [answer] = await Promise.all([askRooms(secret, signal), lookReady(signal)]);
      answeredAt = Date.now();
      show(answer);
    } catch (error) {
      if (!(error instanceof NoAnswer)) return onError(error, signal);
      const silentMs = answeredAt === null ? null : Date.now() - answeredAt;
      showHealth(silence(error.message, silentMs), "Asking again every 5 s");
    }
  }

  async function lookReady(signal) {
    if (Date.now() - readyAt < READY_EVERY_MS) return;
    isReady = await askReady(signal);
    // What is not ready is asked for each time: one wants to know when that is over.
    if (isReady) readyAt = Date.now();
  }

  function show(answer) {
    const { total, rooms, now } = answer;
    first ??= total;
    showNow({ ...total, stored: total.log_bytes + total.snapshot_bytes });
    const rated = measure.take(now, total);
    showRated(rated);
    plots.add({ ...total, ...rated, at: now });
    write(byId("rates-over"), overWords(rated.overMs));
    showCounts(total);
    showRooms(answer);
    const told = Math.max(...rooms.map(({ at }) => at));
    write(byId("told"), rooms.length > 0 ? `the newest was told ${ago(now - told)}` : "");
    showHealth(healthOfAll({ total, first, isReady }), "Asked every 5 s");
  }

  function overWords(overMs) {
    if (overMs !== null) return `averages over the last ${span(overMs)}`;
    return `rooms tell once a minute: known in ${span(RATES.leastMs - measure.watchedMs())}`;
  }

  return {
    start(secret) {
      showWaiting("the rooms");
      stop = watch((signal) => look(secret, signal), EVERY_MS);
    },
    stop: () => stop(),
  };
}
