// Randomness that a seed repeats.

/** A function that returns numbers from 0 to below 1; the same for the same seed. */
export const random = (seed) => {
  let state = seed >>> 0
  return () => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** The seed of a run: `SEED`, or another one each time. Failures have to say it. */
export const seedOfRun = () => Number(process.env.SEED ?? Date.now() % 1_000_000)
