// How fast things go lately, from what is counted: of one room, or of all.

import { growth, quantile, sum } from "./growth.js";

const COUNTERS = {
  updateRate: "updates",
  framesIn: "frames_received",
  framesOut: "frames_sent",
  bytesIn: "received_bytes",
  bytesOut: "sent_bytes",
  presenceRate: "presence_updates",
  wakeRate: "wakes",
};

/** `window` is as `growth` takes it. Returns `{ take(now, numbers), watchedMs() }`. */
export function rates(window) {
  const measure = growth(window);

  /** Rates per second, and quantiles; NaN or null of what is not known, or did not happen. */
  function take(now, numbers) {
    const { bounds_ms: bounds, buckets } = numbers.commit_delays;
    const delays = buckets.map((amount, at) => [`delay ${at}`, amount]);
    const { commits, relays } = numbers;
    const counters = Object.entries(COUNTERS).map(([rate, name]) => [rate, numbers[name]]);
    const counted = { ...Object.fromEntries([...counters, ...delays]), ...troubles(numbers) };
    measure.add(now, { ...counted, commits, relays });
    const measured = measure.measured();
    const grown = (name) => measured?.grown(name) ?? NaN;
    const names = [...Object.keys(COUNTERS), "refused", "ended", "failed"];
    const known = names.map((name) => [name, measured?.perSecond(name) ?? NaN]);
    const found = Object.fromEntries(known);
    const recent = measured ? buckets.map((_, at) => grown(`delay ${at}`)) : [];
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map((q) => quantile(recent, bounds, q));
    return {
      ...found,
      errorRate: found.refused + found.ended + found.failed,
      batch: grown("updateRate") / grown("commits"),
      fanOut: grown("relays") / grown("commits"),
      p50,
      p95,
      p99,
      overMs: measured?.overMs ?? null,
    };
  }

  return { take, watchedMs: measure.watchedMs };
}

/** What was not taken or was undone, sessions that rooms ended, and what broke. */
function troubles({ refusals, closes, ...numbers }) {
  return {
    refused: sum(refusals) + numbers.denials + numbers.compensations,
    ended: sum(closes),
    failed: numbers.failures + numbers.abandons + numbers.quarantines,
  };
}
