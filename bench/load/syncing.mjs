// First syncs of a document that is there already.

import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { client } from "./client.mjs";

/** Gives the server the document in `job.files`, and waits until it gives it back. */
export async function seed(job) {
  const parts = job.files.map((file) => readFileSync(file));
  const author = await client(job);
  for (const part of parts) author.socket.send(author.words.update(part));
  const bytes = parts.reduce((sum, { length }) => sum + length, 0);
  const reader = await client(job, { bytes: bytes / 2 });
  author.socket.close();
  reader.socket.close();
  return {};
}

/**
 * `clients` synchronize at once, `rounds` times; each round's times are in order. With `isOpen`
 * somebody is there all the time: some servers unload a document that everybody has left.
 */
export async function sync(job) {
  const rounds = [];
  let received = 0;
  if (job.isOpen) await client(job);
  for (let round = 0; round < job.rounds; round++) {
    const one = () => client(job, { bytes: job.bytes });
    const all = await Promise.all(Array.from({ length: job.clients }, one));
    const times = all.map(({ tookMs }) => Math.round(tookMs * 100) / 100);
    rounds.push(times.sort((a, b) => a - b));
    received = all[0].received;
    for (const { socket } of all) socket.close();
    await delay(50);
  }
  return { rounds, received };
}
