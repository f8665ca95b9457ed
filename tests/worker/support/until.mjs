// Waiting for conditions instead of sleeping.

/** Resolves with the first truthy result of `condition`; fails after `ms`, saying `what`. */
export const until = async (what, condition, ms = 20_000) => {
  const deadline = performance.now() + ms
  for (;;) {
    const result = await condition()
    if (result) return result
    if (performance.now() > deadline) {
      throw new Error(`waited ${ms} ms for: ${typeof what === 'function' ? what() : what}`)
    }
    await pause(5)
  }
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
