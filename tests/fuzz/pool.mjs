// Inputs on all cores. An input that never ends is ended, and named.
import { availableParallelism } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { add } from "./machine.mjs";

const INPUTS_OF_BATCH = 5_000;
const FAILURES_MAX = 20;
/** An input takes a tenth of a millisecond. */
const INPUT_MS_MAX = 20_000;
const PROGRESS_MS = 60_000;

/**
 * Checks the inputs with the numbers `from` to before `to`. Resolves to the counts by kind, the
 * failures as number and reason, and how large the memory of an instance became.
 */
export async function runAll(module, from, to, { bare = false, say = () => {} } = {}) {
  const total = { sum: [], failures: [], bytes: 0 };
  let next = from;
  let told = Date.now();
  const worker = async () => {
    let thread = startThread(module, bare);
    while (next < to && total.failures.length < FAILURES_MAX) {
      const batch = { from: next, to: Math.min(next + INPUTS_OF_BATCH, to) };
      next = batch.to;
      while (batch.from < batch.to) {
        const done = await thread.run(batch);
        add(total.sum, done.sum);
        total.failures.push(...done.failures);
        total.bytes = Math.max(total.bytes, done.bytes);
        batch.from = done.next ?? batch.to;
        if (done.next !== undefined) thread = startThread(module, bare);
      }
      if (Date.now() - told > PROGRESS_MS) {
        told = Date.now();
        say(`${next - from} of ${to - from} inputs`);
      }
    }
    await thread.end();
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return total;
}

function startThread(module, bare) {
  const begun = new Float64Array(new SharedArrayBuffer(8));
  const worker = new Worker(new URL("./thread.mjs", import.meta.url), {
    workerData: { module, begun, bare, failuresMax: FAILURES_MAX },
    // As in a page and in workerd; a thread of Node has four times as much stack.
    resourceLimits: { stackSizeMb: 1 },
  });
  let answer;
  worker.on("message", (done) => answer.resolve(done));
  worker.on("error", (error) => answer.reject(error));
  return {
    end: () => worker.terminate(),
    run: async (batch) => {
      const ended = new AbortController();
      answer = Promise.withResolvers();
      worker.postMessage(batch);
      const done = await Promise.race([answer.promise, stuck(begun, ended.signal)]);
      ended.abort();
      if (typeof done !== "number") return done;
      await worker.terminate();
      const failures = [{ number: done, reason: `takes longer than ${INPUT_MS_MAX} ms` }];
      // What this batch counted before is lost.
      return { sum: [], failures, bytes: 0, next: done + 1 };
    },
  };
}

/** The number of an input that has not ended for too long. */
async function stuck(begun, signal) {
  for (;;) {
    const number = begun[0];
    await delay(INPUT_MS_MAX, undefined, { signal }).catch(() => {});
    if (signal.aborted) return undefined;
    if (begun[0] === number) return number;
  }
}
