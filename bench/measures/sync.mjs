// How long a client waits for a large document.

import { setTimeout as delay } from "node:timers/promises";
import { generate } from "../generate.mjs";
import { startServer } from "../server.mjs";
import { median } from "../statistics.mjs";

const CLIENTS = 50;
/** Longer than any subject waits before it stores, so that a restart finds the document. */
export const SETTLE_MS = 5_000;
const HOT_ROUNDS = 15;
const COLD_ROUNDS = 3;

export const sync = {
  title: "The first sync of a large document",
  text:
    "From connecting until the whole document (some 300 KB) has arrived: by a client alone, by " +
    `the slowest of ${CLIENTS} at once, and by the first one after a restart of the server, ` +
    "without the start itself. Less is better.",
  figures: {
    hot: "first sync, ms",
    crowd: `${CLIENTS} first syncs at once, ms`,
    cold: "first sync after a restart, ms",
  },
  run: firstSync,
};

async function firstSync(subject, { folder, large, quick }) {
  let server = await startServer(subject, folder);
  const bytes = large.bytes / 2;
  const rounds = async (document, job) =>
    (await generate(subject, server, { kind: "sync", document, rounds: 1, bytes, ...job })).rounds;
  try {
    await generate(subject, server, { kind: "seed", document: "large", file: large.file });
    const alone = { clients: 1, rounds: HOT_ROUNDS, isOpen: true };
    const hot = median((await rounds("large", alone)).flat());
    const [times] = await rounds("large", { clients: CLIENTS, isOpen: true });
    const figures = { hot, crowd: times.at(-1) };
    if (!subject.persists) return figures;
    await delay(SETTLE_MS);
    const cold = [];
    for (let round = 0; round < (quick ? 1 : COLD_ROUNDS); round++) {
      await server.stop();
      server = await startServer(subject, folder);
      // The first connection of all is the process' start, and not the document's.
      await rounds(`other-${round}`, { clients: 1, bytes: 0 });
      cold.push(...(await rounds("large", { clients: 1 })).flat());
    }
    return { ...figures, cold: median(cold) };
  } finally {
    await server.stop();
  }
}
