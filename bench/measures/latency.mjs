// How long a keystroke takes to the others while few people type.

import { freshDocument, generate } from "../generate.mjs";
import { startServer } from "../server.mjs";

const CLIENTS = 50;
export const TYPISTS = 5;
export const KEYS_PER_SECOND = 10;
export const WARM_UP_MS = 5_000;
export const TYPING_MS = 20_000;

export const latency = {
  title: "A keystroke's way to the others",
  text:
    `${CLIENTS} clients in one document, of which ${TYPISTS} type ${KEYS_PER_SECOND} keys a ` +
    `second each, for ${TYPING_MS / 1000} s after ${WARM_UP_MS / 1000} s of warm-up: from ` +
    "sending until each other client has it. Less is better.",
  figures: { p50: "keystroke, median ms", p99: "keystroke, 99th percentile ms" },
  run: (subject, options) => ordinaryTyping(subject, CLIENTS, options),
};

/** The delays of some typists' keys to all of `clients`. */
export async function ordinaryTyping(subject, clients, { folder, quick }) {
  const server = await startServer(subject, folder);
  try {
    const { p50, p99, delivered } = await generate(subject, server, {
      kind: "typing",
      document: freshDocument("typed"),
      clients,
      typists: TYPISTS,
      rate: KEYS_PER_SECOND,
      warmUpMs: quick ? 1_000 : WARM_UP_MS,
      measureMs: quick ? 2_000 : TYPING_MS,
    });
    if (delivered < 1) throw new Error(`${subject.title} delivered ${delivered} of what was typed`);
    return { p50, p99 };
  } finally {
    await server.stop();
  }
}
