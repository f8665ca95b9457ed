// How many rows a document's storage is written for what is typed. The platform charges for each.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freshDocument, generate } from "../generate.mjs";
import { startServer } from "../server.mjs";
import { eachDatabase } from "../stored.mjs";
import { KEYS_PER_SECOND, TYPISTS } from "./latency.mjs";
import { NOT_COMPACTED, SETTLE_MS } from "./sync.mjs";

const TYPING_MS = 20_000;
const PER_KEYS = 1_000;

export const rows = {
  title: "Rows that are written",
  text:
    `Rows that are written for ${PER_KEYS.toLocaleString("en-US")} keystrokes, of one typist and ` +
    `of ${TYPISTS} with ${KEYS_PER_SECOND} keys a second each, over ${TYPING_MS / 1000} s and ` +
    "until everything is stored. Compactions of Selvedge, which come at every 1,000 rows, are " +
    "not among them. Whoever stores the whole document now and then writes fewer rows, and " +
    "larger ones; others have no rows. Less is better.",
  figures: {
    one: `rows for ${PER_KEYS.toLocaleString("en-US")} keys of one typist`,
    several: `of ${TYPISTS} typists`,
  },
  summary: [],
  applies: ({ rows: query }) => query !== undefined,
  run: async (subject, options) => ({
    one: await written(subject, 1, options),
    several: await written(subject, TYPISTS, options),
  }),
};

async function written(subject, typists, { folder, quick }) {
  const own = join(folder, `typists-${typists}`);
  await mkdir(own);
  const server = await startServer(subject, own, NOT_COMPACTED);
  const measureMs = quick ? 3_000 : TYPING_MS;
  try {
    const { sent } = await generate(subject, server, {
      kind: "typing",
      document: freshDocument("typed"),
      clients: typists + 1,
      typists,
      rate: KEYS_PER_SECOND,
      warmUpMs: 0,
      measureMs,
    });
    await delay(SETTLE_MS);
    await server.stop();
    const [count] = eachDatabase(own, subject.rows);
    return (count * PER_KEYS) / sent;
  } finally {
    await server.stop();
  }
}
