// What a peer has seen when the server is killed, and what is left of it.

import { setTimeout as delay } from "node:timers/promises";
import { client } from "./client.mjs";
import { eachRun, keystroke } from "./edits.mjs";

/** Between two keys. */
const PAUSE_MS = 1;
const WAIT_MS_MAX = 20_000;
const LATE_MS = 500;

/**
 * One types, another reads; as soon as the reader has `keys` letters, and before it does anything
 * else, the server is killed. Says who typed, and how many letters the reader has seen.
 */
export async function kill(job) {
  const author = 3_000_000_000 + Math.floor(Math.random() * 1_000_000_000);
  const killed = Promise.withResolvers();
  const timeout = setTimeout(() => killed.reject(new Error("nothing to kill for")), WAIT_MS_MAX);
  let seen = 0;
  let isKilled = false;
  const take = (update) => {
    eachRun(update, (id, clock, length) => {
      if (id === author && clock <= seen) seen = Math.max(seen, clock + length);
    });
    if (seen < job.keys || isKilled) return;
    isKilled = true;
    process.kill(-job.pid, "SIGKILL");
    killed.resolve();
  };
  const writer = await client(job);
  await client(job, { take });
  let sent = 0;
  const typing = setInterval(() => {
    writer.socket.send(writer.words.update(keystroke(author, sent)));
    sent += 1;
  }, PAUSE_MS);
  await killed.promise;
  clearInterval(typing);
  clearTimeout(timeout);
  // What the server had sent before it died may still be on its way.
  await delay(200);
  return { author, seen };
}

/** How many letters of an author the document has, from the first on. */
export async function letters(job) {
  let found = 0;
  const take = (update) => {
    eachRun(update, (id, clock, length) => {
      if (id === job.author && clock <= found) found = Math.max(found, clock + length);
    });
  };
  await client(job, { take });
  // Some say that they have nothing before they have looked, and send what there is behind that.
  await delay(LATE_MS);
  return { found };
}
