// One seed decides a whole run.

/** A generator of numbers from a seed (mulberry32), with the choices that tests make. */
export const createRandom = seed => {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const below = n => Math.floor(next() * n)
  return {
    below,
    chance: probability => next() < probability,
    pick: list => list[below(list.length)],
    shuffle: list => {
      const out = [...list]
      for (let i = out.length - 1; i > 0; i--) {
        const j = below(i + 1)
        ;[out[i], out[j]] = [out[j], out[i]]
      }
      return out
    }
  }
}

/**
 * Run `check(random)` for many seeds: SEEDS=from-to or SEEDS=count in the environment, else 1 to
 * `count`. The seed that fails is in the message.
 */
export const forSeeds = async (count, check) => {
  const [from, to] = (process.env.SEEDS ?? `1-${count}`).split('-').map(Number)
  const seeds = to === undefined ? [1, from] : [from, to]
  for (let seed = seeds[0]; seed <= seeds[1]; seed++) {
    try {
      await check(createRandom(seed))
    } catch (error) {
      error.message = `SEEDS=${seed}-${seed}: ${error.message}`
      throw error
    }
  }
}
