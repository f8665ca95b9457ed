// All rooms: what the registry knows of them, asked every few seconds.

import { NoAnswer, askReady, askRooms } from "./ask.js";
import { makeCounts } from "./counts.js";
import { byId, write } from "./element.js";
import { makeFigures } from "./figures.js";
import { growth } from "./growth.js";
import { healthOfAll, silence } from "./health.js";
import { bindRooms } from "./rooms.js";
import { showHealth, showWaiting } from "./strip.js";
import { watch } from "./watch.js";
import { ago, bytes, count, decimal, span } from "./words.js";

const EVERY_MS = 5_000;
/** Asking whether rooms can write makes one write. */
const READY_EVERY_MS = 30_000;
/** Each room tells once a minute, so that a rate over less would jump. */
const RATES = { overMs: 120_000, leastMs: 60_000 };

const NOW = [
  ["rooms", "Rooms known", "Rooms that ever told something"],
  ["active", "Rooms active", "Rooms that told something in the last two minutes"],
  ["sessions", "Sessions", "Connections, as rooms told last"],
  ["behind", "Sessions behind", "Connections that do not keep up"],
  ["heap", "Largest heap", "Wasm memory that rooms share"],
];
const COUNTERS = [
  ["updates", "Updates/s"],
  ["frames_received", "Frames in/s"],
  ["frames_sent", "Frames out/s"],
  ["received_bytes", "Bytes in/s"],
  ["sent_bytes", "Bytes out/s"],
];

/** Returns `{ start(secret), stop() }`. `onError` is told what is no answer. */
export function bindOverview(onError) {
  const showNow = makeFigures(byId("overview-now"), NOW);
  const showRates = makeFigures(byId("overview-rates"), COUNTERS);
  const showCounts = makeCounts(byId("overview-counts"), "in all");
  const showRooms = bindRooms();
  const measure = growth(RATES);
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
    showNow({
      rooms: count(total.rooms),
      active: count(total.active_rooms),
      sessions: count(total.sessions),
      behind: count(total.sessions_behind),
      heap: bytes(total.heap_bytes),
    });
    measure.add(now, Object.fromEntries(COUNTERS.map(([name]) => [name, total[name]])));
    showGrowth();
    showCounts(total);
    showRooms(answer);
    const told = Math.max(...rooms.map(({ at }) => at));
    write(byId("told"), rooms.length > 0 ? `the newest was told ${ago(now - told)}` : "");
    showHealth(healthOfAll({ total, first, isReady }), "Asked every 5 s");
  }

  function showGrowth() {
    const measured = measure.measured();
    const left = RATES.leastMs - measure.watchedMs();
    const over = measured
      ? `averages over the last ${span(measured.overMs)}`
      : `rooms tell once a minute: known in ${span(left)}`;
    write(byId("rates-over"), over);
    const rates = COUNTERS.map(([name]) => {
      const words = name.endsWith("_bytes") ? bytes : decimal;
      return [name, measured ? words(measured.perSecond(name)) : "–"];
    });
    showRates(Object.fromEntries(rates));
  }

  return {
    start(secret) {
      showWaiting("the rooms");
      stop = watch((signal) => look(secret, signal), EVERY_MS);
    },
    stop: () => stop(),
  };
}
