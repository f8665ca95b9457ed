// Clients that were away, miss a little, and come back.

import { setTimeout as delay } from "node:timers/promises";
import { client } from "./client.mjs";
import { eachRun, keystroke } from "./edits.mjs";

const PAUSE_MS = 5;
const WAIT_MS_MAX = 20_000;

/**
 * `clients` come back at once to a document of which they have all but the last `updates`: they
 * know what `job.stateVector` (base64) says. Each has to have the letters that it missed; says how
 * many bytes each received until then, and how long that took, in order.
 */
export async function returning(job) {
  const { clients, updates } = job;
  const author = 3_000_000_000 + Math.floor(Math.random() * 1_000_000_000);
  // Somebody who stays sees when the server has all of it, and when one was there before.
  const typed = letterCount(author, updates);
  const witness = await client(job, { dialect: job.ownDialect, take: typed.take });
  const known = { epoch: witness.epoch, sequence: witness.sequence };
  const writer = await client(job);
  for (let key = 0; key < updates; key++) {
    writer.socket.send(writer.words.update(keystroke(author, key)));
    await delay(PAUSE_MS);
  }
  await typed.complete;

  const stateVector = Buffer.from(job.stateVector, "base64");
  const one = async () => {
    const missed = letterCount(author, updates);
    const began = performance.now();
    const self = await client(job, {
      dialect: job.ownDialect,
      known: job.ownDialect === "native" ? known : stateVector,
      take: missed.take,
    });
    await missed.complete;
    return { tookMs: performance.now() - began, received: self.received };
  };
  const all = await Promise.all(Array.from({ length: clients }, one));
  const ordered = (key) => all.map((it) => it[key]).sort((a, b) => a - b);
  return { times: ordered("tookMs"), received: ordered("received") };
}

/** `complete` resolves once `take` was called with the first `count` letters of `author`. */
function letterCount(author, count) {
  const { promise: complete, resolve, reject } = Promise.withResolvers();
  const timeout = setTimeout(() => reject(new Error("what was missed did not come")), WAIT_MS_MAX);
  let have = 0;
  const take = (update) => {
    eachRun(update, (id, clock, length) => {
      if (id === author && clock <= have) have = Math.max(have, clock + length);
    });
    if (have < count) return;
    clearTimeout(timeout);
    resolve();
  };
  return { take, complete };
}
