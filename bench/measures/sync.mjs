// How long a client waits for a large document.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { generate } from "../generate.mjs";
import { startServer } from "../server.mjs";
import { median } from "../statistics.mjs";
import { eachDatabase, storedBytes } from "../stored.mjs";

const CLIENTS = 50;
/** Longer than any subject waits before it stores, so that a restart finds the document. */
export const SETTLE_MS = 5_000;
const HOT_ROUNDS = 15;
const COLD_ROUNDS = 3;
const ROWS = 10_000;
/** So many that no compaction comes. */
export const NOT_COMPACTED = { LOG_ROWS_MAX: "1000000" };

export const sync = {
  title: "The first sync of a large document",
  text:
    "From connecting until the whole document (some 300 KB) has arrived: by a client alone, by " +
    `the slowest of ${CLIENTS} at once, and by the first one after a restart of the server, ` +
    "without the start itself. All of these are stock clients; what follows is of the server's " +
    "own one, if it has one: alone, 50 at once, and the bytes that it receives. Then what the " +
    "server keeps: a file, or the pages of a database that are in use. And of Selvedge, after a " +
    `restart, a document of ${ROWS.toLocaleString("en-US")} keystrokes that are a row each and ` +
    "were never compacted. Less is better.",
  figures: {
    hot: "first sync, ms",
    crowd: `${CLIENTS} first syncs at once, ms`,
    cold: "first sync after a restart, ms",
    own: "first sync of its own client, ms",
    ownCrowd: `${CLIENTS} of its own at once, ms`,
    received: "bytes that it receives",
    stored: "bytes that are stored",
    rows: `first sync of ${ROWS.toLocaleString("en-US")} rows after a restart, ms`,
  },
  summary: ["hot", "cold"],
  run: firstSync,
};

async function firstSync(subject, options) {
  const figures = await largeSync(subject, options);
  return subject.isOurs ? { ...figures, rows: await longLog(subject, options) } : figures;
}

async function largeSync(subject, { folder, large, quick }) {
  let server = await startServer(subject, folder);
  const sync = (document, job) => {
    const bytes = large.bytes / 2;
    return generate(subject, server, { kind: "sync", document, rounds: 1, bytes, ...job });
  };
  try {
    await generate(subject, server, { kind: "seed", document: "large", files: large.files });
    const alone = await sync("large", { clients: 1, rounds: HOT_ROUNDS, isOpen: true });
    const together = await sync("large", { clients: CLIENTS, isOpen: true });
    const [times] = together.rounds;
    await delay(SETTLE_MS);
    const dialect = subject.ownDialect ?? subject.dialect;
    const own = await sync("large", { clients: 1, dialect, rounds: HOT_ROUNDS, isOpen: true });
    const { received } = own;
    const figures = { hot: median(alone.rounds.flat()), crowd: times.at(-1), received };
    if (subject.ownDialect) {
      const ownTogether = await sync("large", { clients: CLIENTS, dialect, isOpen: true });
      figures.own = median(own.rounds.flat());
      figures.ownCrowd = ownTogether.rounds[0].at(-1);
    }
    if (!subject.persists) return figures;
    await server.stop();
    figures.stored = storedBytes(folder);
    const cold = [];
    for (let round = 0; round < (quick ? 1 : COLD_ROUNDS); round++) {
      await server.stop();
      server = await startServer(subject, folder);
      cold.push(await coldSync(sync, "large", round));
    }
    return { ...figures, cold: median(cold) };
  } finally {
    await server.stop();
  }
}

async function coldSync(sync, document, round) {
  // The first connection of all is the process' start, and not the document's.
  await sync(`other-${round}`, { clients: 1, bytes: 0 });
  return (await sync(document, { clients: 1 })).rounds.flat()[0];
}

async function longLog(subject, { folder, quick }) {
  const count = quick ? 500 : ROWS;
  const own = join(folder, "rows");
  await mkdir(own);
  let server = await startServer(subject, own, NOT_COMPACTED);
  const sync = (document, job) =>
    generate(subject, server, { kind: "sync", document, rounds: 1, bytes: count, ...job });
  try {
    await generate(subject, server, { kind: "rows", document: "rows", rows: count });
    await server.stop();
    const [rows] = eachDatabase(own, subject.rows);
    if (rows !== count) throw new Error(`${rows} rows instead of ${count}`);
    const cold = [];
    for (let round = 0; round < (quick ? 1 : COLD_ROUNDS); round++) {
      await server.stop();
      server = await startServer(subject, own, NOT_COMPACTED);
      cold.push(await coldSync(sync, "rows", round));
    }
    return median(cold);
  } finally {
    await server.stop();
  }
}
