// What is said of instruction counts beside those that are committed.

/** A count may grow by so much. Other processors' memcpy makes up to a few percent. */
export const GROWTH_MAX = 0.05;
/** And by so much if another compiler or another libc made the program. */
export const GROWTH_ELSEWHERE_MAX = 0.25;

/** The count in what callgrind wrote; undefined if it has none, or nothing was counted. */
export function counted(profile) {
  const [, number] = profile.match(/^totals: (\d+)$/m) ?? [];
  return Number(number) > 0 ? Number(number) : undefined;
}

/**
 * Each piece of work with its count before and now, and a verdict: `same`, `grew` or `fell` by more
 * than `max`, `new` if nothing was counted before, `gone` if it is not there any more.
 */
export function compare(before, now, max) {
  const names = [...new Set([...Object.keys(now), ...Object.keys(before)])];
  return names.map((name) => {
    const [old, count] = [before[name], now[name]];
    if (old === undefined) return { name, count, verdict: "new" };
    if (count === undefined) return { name, old, verdict: "gone" };
    const growth = count / old - 1;
    const verdict =
      count > old * (1 + max) ? "grew" : count < old * (1 - max) ? "fell" : "same";
    return { name, old, count, growth, verdict };
  });
}

/** A line for each piece of work. */
export function lines(compared) {
  const wide = Math.max(...compared.map(({ name }) => name.length));
  return compared.map(({ name, count, growth, verdict }) => {
    const number = count === undefined ? "–" : count.toLocaleString("en-US");
    const change = growth === undefined ? "" : `${percent(growth)}`.padStart(9);
    const word = verdict === "same" ? "" : `  ${verdict}`;
    return `${name.padEnd(wide)} ${number.padStart(12)}${change}${word}`;
  });
}

function percent(growth) {
  return `${growth < 0 ? "" : "+"}${(growth * 100).toFixed(1)} %`;
}
