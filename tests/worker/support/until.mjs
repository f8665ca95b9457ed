// Waiting for conditions instead of sleeping.

/** Long enough for a machine that is busy with other things. */
const WAIT_MS_MAX = 60_000

/**
 * Resolves with the first truthy result of `condition`, which is looked at `every` so many
 * milliseconds; fails after a minute, saying `what` (a text, or a function that makes one).
 */
export const until = async (what, condition, { every = 5 } = {}) => {
  const deadline = performance.now() + WAIT_MS_MAX
  for (;;) {
    const result = await condition()
    if (result) return result
    if (performance.now() > deadline) {
      throw new Error(`waited ${WAIT_MS_MAX} ms for: ${typeof what === 'function' ? what() : what}`)
    }
    await pause(every)
  }
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
