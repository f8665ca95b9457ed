// How long the first keystroke takes into a room that sleeps.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freshDocument, generate } from "../generate.mjs";
import { startServer } from "../server.mjs";
import { median } from "../statistics.mjs";
import { empty } from "../subjects/empty.mjs";
import { SETTLE_MS } from "./sync.mjs";

const ROOMS = 10;
/** The runtime takes an object out of memory that was idle for 10 s; its sockets stay open. */
const ASLEEP_MS = 13_000;

export const wake = {
  title: "Waking",
  text:
    `A key into a room in which nothing happened for ${ASLEEP_MS / 1000} s, so that the runtime ` +
    "has put it to sleep with its sockets open, from sending until the other client has it: the " +
    `median of ${ROOMS} rooms, with an empty document and with one of some 300 KB. Also what is ` +
    "above a Durable Object that sleeps as well, and only passes on what comes; and the next key " +
    "into the empty document, which finds the room awake. Servers on Node do not sleep. Less is " +
    "better.",
  figures: {
    small: "waking, empty document, ms",
    smallAbove: "empty document above an empty object, ms",
    large: "waking, large document, ms",
    largeAbove: "large document above an empty object, ms",
    awake: "awake, ms",
  },
  summary: [],
  applies: ({ isInWorkerd }) => isInWorkerd,
  run: waking,
};

async function waking(subject, { folder, large, quick }) {
  const rooms = quick ? 4 : ROOMS;
  const floor = join(folder, "empty");
  await mkdir(floor);
  const least = await delays(empty, { folder: floor, rooms });
  const small = await delays(subject, { folder, rooms });
  const heavy = await delays(subject, { folder, rooms, large });
  return {
    small: small.times,
    smallAbove: small.times - least.times,
    large: heavy.times,
    largeAbove: heavy.times - least.times,
    awake: small.awake,
  };
}

/** The medians of the first keys and of the next ones. */
async function delays(subject, { folder, rooms, large }) {
  const documents = Array.from({ length: rooms }, () => freshDocument("sleeper"));
  const server = await startServer(subject, folder);
  try {
    if (large !== undefined) {
      for (const document of documents) {
        await generate(subject, server, { kind: "seed", document, files: large.files });
      }
      await delay(SETTLE_MS);
    }
    const ownDialect = subject.ownDialect ?? subject.dialect;
    const job = { kind: "waking", documents, ownDialect, asleepMs: ASLEEP_MS };
    const { times, awake } = await generate(subject, server, job);
    return { times: median(times), awake: median(awake) };
  } finally {
    await server.stop();
  }
}
