// Asks again and again, but only while somebody looks: the tab is visible and nobody said stop.

let isPaused = false;
const listeners = new Set();

export function isLooking() {
  return !isPaused && document.visibilityState === "visible";
}

export function setPaused(paused) {
  isPaused = paused;
  for (const listener of listeners) listener();
}

document.addEventListener("visibilitychange", () => {
  for (const listener of listeners) listener();
});

/**
 * Calls `ask(signal)` now and `everyMs` after each time it has ended, while somebody looks.
 * Returns a function that ends that, and aborts what is under way.
 */
export function watch(ask, everyMs) {
  const ended = new AbortController();
  let timer = 0;
  let isAsking = false;

  async function turn() {
    clearTimeout(timer);
    if (isAsking || ended.signal.aborted || !isLooking()) return;
    isAsking = true;
    try {
      await ask(ended.signal);
    } catch (error) {
      if (!ended.signal.aborted) throw error;
    } finally {
      isAsking = false;
      if (!ended.signal.aborted) timer = setTimeout(turn, everyMs);
    }
  }

  listeners.add(turn);
  turn();
  return () => {
    ended.abort();
    clearTimeout(timer);
    listeners.delete(turn);
  };
}
