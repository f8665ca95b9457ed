// What connections and rooms take of the server's memory: what its process has resident with them,
// less what it had without, divided by how many they are.

import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { client, crowd } from "./client.mjs";
import { keystroke } from "./edits.mjs";

/** Some come first, so that what every server needs once is there before anything is counted. */
const FIRST = 20;
const SETTLE_MS = 2_000;
const READINGS = 10;
const BETWEEN_READINGS_MS = 100;

/** `clients` connections to one document that say nothing; bytes for each. */
export async function connections(job) {
  const connect = (document) => () => client(job, { document, dialect: job.ownDialect });
  await crowd(FIRST, connect(`${job.document}-first`));
  await crowd(1, connect(job.document));
  const before = await resident(job.pid);
  await crowd(job.clients, connect(job.document));
  return { bytes: ((await resident(job.pid)) - before) / job.clients };
}

/** Where each of `documents` stands, so that a client can come back to it. */
export async function positions(job) {
  const all = [];
  for (const document of job.documents) {
    const { socket, epoch, sequence } = await client(job, { document, dialect: job.ownDialect });
    all.push({ epoch, sequence });
    socket.close();
  }
  return { positions: all };
}

/**
 * A client in each of `documents` that has all of it and types a key; bytes for each. What a client
 * has is in `job.positions`, or in `job.stateVector` (base64), or nothing. `job.before` is what was
 * resident without the documents; by default that is what it is now.
 */
export async function rooms(job) {
  const { documents, positions: known, stateVector } = job;
  await crowd(FIRST, (index) => client(job, { document: `${job.document}-first-${index}` }));
  const before = job.before ?? (await resident(job.pid));
  const vector = stateVector && Buffer.from(stateVector, "base64");
  for (const [index, document] of documents.entries()) {
    const { socket, words } = await client(job, {
      document,
      dialect: job.ownDialect,
      known: job.ownDialect === "native" ? known[index] : vector,
    });
    socket.send(words.update(keystroke(4_000_000_000, 0)));
  }
  return { bytes: ((await resident(job.pid)) - before) / documents.length };
}

/** What the server has resident when it is at rest. */
export async function atRest(job) {
  await crowd(FIRST, (index) => client(job, { document: `${job.document}-first-${index}` }));
  return { bytes: await resident(job.pid) };
}

/** The least of some readings: what is freed a little later is not what something takes. */
async function resident(pid) {
  await delay(SETTLE_MS);
  let least = Infinity;
  for (let reading = 0; reading < READINGS; reading++) {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    least = Math.min(least, Number(status.match(/^VmRSS:\s+(\d+) kB$/m)[1]) * 1024);
    await delay(BETWEEN_READINGS_MS);
  }
  return least;
}
