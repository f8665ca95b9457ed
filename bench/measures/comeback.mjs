// What it costs that people were away for a moment.

import { setTimeout as delay } from "node:timers/promises";
import { generate } from "../generate.mjs";
import { startServer } from "../server.mjs";
import { median } from "../statistics.mjs";
import { SETTLE_MS } from "./sync.mjs";

const CLIENTS = 50;
const UPDATES = 10;

export const comeback = {
  title: "Coming back",
  text:
    `${CLIENTS} clients that have a large document (some 300 KB) but for the last ${UPDATES} ` +
    "keystrokes connect at once. Stock clients say what they have by a state vector, Selvedge's " +
    "own where they stopped. The median of the bytes that each receives until it has the " +
    "keystrokes, and of the time from connecting until then. Less is better.",
  figures: { received: "bytes that one receives who comes back", ms: "coming back, ms" },
  summary: ["received"],
  run: comesBack,
};

async function comesBack(subject, { folder, large }) {
  const server = await startServer(subject, folder);
  const document = "large";
  try {
    await generate(subject, server, { kind: "seed", document, files: large.files });
    await delay(SETTLE_MS);
    const { times, received } = await generate(subject, server, {
      kind: "returning",
      document,
      clients: CLIENTS,
      updates: UPDATES,
      stateVector: large.stateVector,
      ownDialect: subject.ownDialect ?? subject.dialect,
    });
    return { received: median(received), ms: median(times) };
  } finally {
    await server.stop();
  }
}
