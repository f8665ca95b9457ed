// How fast counters grow, from what they were at several times.

const SAMPLES_MAX = 400;

/**
 * Takes samples of counters and tells their growth since the newest sample that is `overMs` old,
 * or, as long as there is none, since the oldest one if that is `leastMs` old. Longer than `gapMs`
 * between two samples is a pause, which is not averaged over.
 */
export function growth({ overMs, leastMs, gapMs = Infinity }) {
  let samples = [];

  /** `counters` are what they were at the time `at`, in milliseconds. */
  function add(at, counters) {
    const last = samples.at(-1);
    if (last && at <= last.at) return;
    // A room counts from when it woke: what it counted before cannot be compared.
    const shrank = last && Object.keys(counters).some((name) => counters[name] < last[name]);
    if (shrank || at - last?.at > gapMs) samples = [];
    samples.push({ ...counters, at });
    if (samples.length > SAMPLES_MAX) samples.shift();
  }

  /** `{ overMs, grown(name), perSecond(name) }`, or null if it was not watched for long enough. */
  function measured() {
    const last = samples.at(-1);
    const from = samples.findLast(({ at }) => last.at - at >= overMs) ?? samples[0];
    if (!last || last.at - from.at < leastMs || last === from) return null;
    const took = last.at - from.at;
    const grown = (name) => last[name] - from[name];
    return { overMs: took, grown, perSecond: (name) => (grown(name) / took) * 1000 };
  }

  /** How long it was watched without a break, in milliseconds. */
  const watchedMs = () => (samples.length > 0 ? samples.at(-1).at - samples[0].at : 0);

  return { add, measured, watchedMs };
}

/** How much more there is in `now` than in `before`, by name, without what did not grow. */
export function more(now, before) {
  const grown = Object.entries(now).map(([name, amount]) => [name, amount - (before[name] ?? 0)]);
  return Object.fromEntries(grown.filter(([, amount]) => amount > 0));
}

/**
 * The bound below which a share `q` of what `buckets` count is, and the last one if it is above
 * that; null of nothing. The last bucket has no bound.
 */
export function quantile(buckets, bounds, q) {
  const wanted = Math.max(1, Math.ceil(q * buckets.reduce((all, amount) => all + amount, 0)));
  let seen = 0;
  const at = buckets.findIndex((amount) => (seen += amount) >= wanted);
  return at < 0 ? null : (bounds[at] ?? bounds.at(-1));
}

export function sum(counts) {
  return Object.values(counts).reduce((all, amount) => all + amount, 0);
}
