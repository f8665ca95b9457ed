// The first keystroke after a sleep.

import { setTimeout as delay } from "node:timers/promises";
import { client } from "./client.mjs";
import { keystroke } from "./edits.mjs";

const BETWEEN_MS = 150;
const WAIT_MS_MAX = 10_000;
const AUTHOR = 4_000_000_000;

/**
 * Of two clients in each of `documents` one types a key, and nothing more for `asleepMs`; after
 * that, one document after the other, a key and another one. Says in `times` how long the first of
 * these took to the other client and in `awake` the second, in order.
 */
export async function waking(job) {
  const pairs = [];
  for (const document of job.documents) {
    const pair = { arrived: () => {} };
    const options = { document, dialect: job.ownDialect };
    pair.typist = await client(job, options);
    // What the first sync brings is no key: it comes before anything is awaited.
    await client(job, { ...options, take: () => pair.arrived() });
    pairs.push(pair);
  }
  for (const pair of pairs) await press(pair, 0);
  await delay(job.asleepMs);
  const [times, awake] = [[], []];
  for (const pair of pairs) {
    times.push(await press(pair, 1));
    await delay(BETWEEN_MS);
    awake.push(await press(pair, 2));
    await delay(BETWEEN_MS);
  }
  const inOrder = (numbers) => numbers.sort((a, b) => a - b);
  return { times: inOrder(times), awake: inOrder(awake) };
}

async function press(pair, clock) {
  const arrived = Promise.withResolvers();
  const timeout = setTimeout(() => arrived.reject(new Error("a key is lost")), WAIT_MS_MAX);
  pair.arrived = arrived.resolve;
  const { socket, words } = pair.typist;
  const began = performance.now();
  socket.send(words.update(keystroke(AUTHOR, clock)));
  await arrived.promise;
  clearTimeout(timeout);
  return performance.now() - began;
}
