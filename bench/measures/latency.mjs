// How long a keystroke takes to the others while few people type.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { freshDocument, generate } from "../generate.mjs";
import { startServer } from "../server.mjs";
import { empty } from "../subjects/empty.mjs";

const CLIENTS = 50;
export const TYPISTS = 5;
export const KEYS_PER_SECOND = 10;
export const WARM_UP_MS = 5_000;
export const TYPING_MS = 20_000;

export const FLOOR_TEXT =
  "Behind that what a Durable Object takes in the same runtime that stores nothing and passes on " +
  "what comes as it comes, if it passes on everything.";

export const latency = {
  title: "A keystroke's way to the others",
  text:
    `${CLIENTS} clients in one document, of which ${TYPISTS} type ${KEYS_PER_SECOND} keys a ` +
    `second each, for ${TYPING_MS / 1000} s after ${WARM_UP_MS / 1000} s of warm-up: from ` +
    `sending until each other client has it. ${FLOOR_TEXT} Less is better.`,
  figures: {
    p50: "keystroke, median ms",
    p99: "keystroke, 99th percentile ms",
    floor50: "an empty object, median ms",
    floor99: "an empty object, 99th percentile ms",
  },
  summary: ["p50", "p99"],
  run: (subject, options) => ordinaryTyping(subject, CLIENTS, options),
};

/** The delays of some typists' keys to all of `clients`; of ours also the least there can be. */
export async function ordinaryTyping(subject, clients, { folder, quick }) {
  const own = await delays(subject, clients, { folder, quick });
  if (own.delivered < 1) {
    throw new Error(`${subject.title} delivered ${own.delivered} of what was typed`);
  }
  const figures = { p50: own.p50, p99: own.p99 };
  if (!subject.isOurs) return figures;
  const floor = join(folder, "empty");
  await mkdir(floor);
  const least = await delays(empty, clients, { folder: floor, quick });
  return least.delivered < 1 ? figures : { ...figures, floor50: least.p50, floor99: least.p99 };
}

async function delays(subject, clients, { folder, quick }) {
  const server = await startServer(subject, folder);
  try {
    return await generate(subject, server, {
      kind: "typing",
      document: freshDocument("typed"),
      clients,
      typists: TYPISTS,
      rate: KEYS_PER_SECOND,
      warmUpMs: quick ? 1_000 : WARM_UP_MS,
      measureMs: quick ? 2_000 : TYPING_MS,
    });
  } finally {
    await server.stop();
  }
}
