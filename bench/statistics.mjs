// What is made of the numbers: quantiles of delays, and the spread of repetitions.

/** Counts delays in steps of 0.01 ms up to 10 s: its size does not grow with their number. */
export class Histogram {
  #steps = new Uint32Array(1_000_001);
  count = 0;

  record(ms) {
    const step = Math.round(ms * 100);
    this.#steps[Math.min(Math.max(step, 0), this.#steps.length - 1)]++;
    this.count++;
  }

  /** The smallest delay that a share `q` of all does not exceed; undefined of none. */
  quantile(q) {
    let left = Math.max(1, Math.ceil(q * this.count));
    for (let step = 0; step < this.#steps.length; step++) {
      left -= this.#steps[step];
      if (left <= 0) return step / 100;
    }
    return undefined;
  }
}

export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Median, least and most of those repetitions that have a figure; undefined if none has. */
export function spread(figures) {
  const known = figures.filter((figure) => Number.isFinite(figure));
  if (known.length === 0) return undefined;
  return { median: median(known), min: Math.min(...known), max: Math.max(...known) };
}
