// What connections and rooms take of a server's memory.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freshDocument, generate } from "../generate.mjs";
import { startServer } from "../server.mjs";
import { empty } from "../subjects/empty.mjs";
import { SETTLE_MS } from "./sync.mjs";

const CONNECTIONS = 1_000;
const ROOMS = 20;
const KB = 1_000;

export const memory = {
  title: "Memory",
  text:
    "What the server's process has resident (RSS, of Linux) with something less what it had " +
    `without, divided by how many they are: ${CONNECTIONS.toLocaleString("en-US")} connections ` +
    `to one empty document that say nothing, and ${ROOMS} rooms with a document of some 300 KB ` +
    "each, into which one client that has all of it types a key after a restart (where documents " +
    "are not stored, without one). Of servers in workerd also what is above as many connections " +
    "to, and as many of, Durable Objects that only accept sockets and pass on what comes. Less " +
    "is better.",
  figures: {
    connection: "a connection, KB",
    connectionAbove: "a connection above an empty object's, KB",
    room: "a room with a large document, KB",
    roomAbove: "a room above an empty object, KB",
  },
  summary: [],
  run: resident,
};

async function resident(subject, options) {
  const { folder, quick } = options;
  const counts = quick ? { clients: 200, rooms: 5 } : { clients: CONNECTIONS, rooms: ROOMS };
  const own = await both(subject, counts, options);
  const figures = { connection: own.connection / KB, room: own.room / KB };
  if (!subject.isInWorkerd) return figures;
  const floor = join(folder, "empty");
  await mkdir(floor);
  const least = await both(empty, counts, { folder: floor });
  figures.connectionAbove = (own.connection - least.connection) / KB;
  figures.roomAbove = (own.room - least.room) / KB;
  return figures;
}

/** Bytes of a connection and of a room. Without a `large` document, the rooms are empty. */
async function both(subject, { clients, rooms }, { folder, large }) {
  const ownDialect = subject.ownDialect ?? subject.dialect;
  const job = { document: freshDocument("quiet"), ownDialect };
  const documents = Array.from({ length: rooms }, () => freshDocument("large"));
  let server = await startServer(subject, folder);
  const run = async (kind, more) => generate(subject, server, { kind, ...job, ...more });
  const again = async () => {
    await server.stop();
    server = await startServer(subject, folder);
  };
  try {
    const connection = (await run("connections", { clients })).bytes;
    if (large === undefined) {
      await again();
      return { connection, room: (await run("rooms", { documents })).bytes };
    }
    await again();
    const before = (await run("atRest")).bytes;
    for (const document of documents) await run("seed", { document, files: large.files });
    await delay(SETTLE_MS);
    const { positions } = await run("positions", { documents });
    const known = { positions, stateVector: large.stateVector };
    if (!subject.persists) {
      return { connection, room: (await run("rooms", { documents, ...known, before })).bytes };
    }
    await again();
    return { connection, room: (await run("rooms", { documents, ...known })).bytes };
  } finally {
    await server.stop();
  }
}
