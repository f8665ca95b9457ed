// How Selvedge's figures grow with what it has to do.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { documentOf } from "../document.mjs";
import { freshDocument, generate } from "../generate.mjs";
import { startServer } from "../server.mjs";
import { median } from "../statistics.mjs";
import { KEYS_PER_SECOND, TYPISTS } from "./latency.mjs";
import { SETTLE_MS } from "./sync.mjs";

const CLIENTS = [2, 10, 50, 100, 200, 500, 1_000];
const ROOMS = [1, 10, 100, 300, 1_000];
const KEYS_IN_ALL_ROOMS = 100;
const MEGABYTES = [0.01, 0.1, 0.3, 1, 3, 10, 20];
const WARM_UP_MS = 3_000;
const TYPING_MS = 10_000;
const SYNCS = 5;

const typed = { p50: "median", p99: "99th percentile" };

export const growth = {
  title: "How it grows",
  text:
    "Of Selvedge alone. A keystroke's way in one room, from sending until another client has it, " +
    `while up to ${TYPISTS} of its clients type ${KEYS_PER_SECOND} keys a second each; the same ` +
    `in many rooms of two clients, of which one types, ${KEYS_IN_ALL_ROOMS} keys a second in all ` +
    "rooms together, so that of many rooms some fall asleep between two keys; and the first sync " +
    `of documents of several sizes, the median of ${SYNCS} with somebody there, and the first ` +
    "one after a restart of the server. None may grow faster than what is delivered. A key into a " +
    "room of twice as many clients is twice as many frames; above 30,000 frames a second commits " +
    "wait for each other and are shared, which is the step to 1,000 clients. Rooms share nothing " +
    "but the process. A first sync copies the bytes of the document; after a restart these are " +
    "read and inflated before.",
  curves: {
    clients: { title: "Clients in one room", x: "clients", y: "ms", lines: typed },
    rooms: { title: "Rooms", x: "rooms", y: "ms", lines: typed },
    documents: {
      title: "Size of the document",
      x: "MB",
      y: "ms",
      lines: { hot: "first sync", cold: "first sync after a restart" },
    },
  },
  applies: ({ isOurs }) => isOurs,
  run: async (subject, options) => ({
    clients: await each(CLIENTS, options, (count) => ofClients(subject, count, options)),
    rooms: await each(ROOMS, options, (count) => ofRooms(subject, count, options)),
    documents: await each(MEGABYTES, options, (size) => ofSize(subject, size, options)),
  }),
};

/** The points of a curve: what `measure(x)` says, with `x`. */
async function each(values, { quick, say }, measure) {
  const points = [];
  for (const x of quick ? [values[0], values[3]] : values) {
    points.push({ x, ...(await measure(x)) });
    say(JSON.stringify(points.at(-1)));
  }
  return points;
}

function ofClients(subject, clients, options) {
  const typists = Math.min(TYPISTS, clients - 1);
  const people = { kind: "typing", clients, typists, rate: KEYS_PER_SECOND };
  return typing(subject, people, options);
}

function ofRooms(subject, rooms, options) {
  return typing(subject, { kind: "manyRooms", rooms, rate: KEYS_IN_ALL_ROOMS }, options);
}

async function typing(subject, people, { folder, quick }) {
  const server = await startServer(subject, folder);
  const times = quick
    ? { warmUpMs: 500, measureMs: 1_000 }
    : { warmUpMs: WARM_UP_MS, measureMs: TYPING_MS };
  try {
    const job = { document: freshDocument("typed"), ...people, ...times };
    const { p50, p99, delivered } = await generate(subject, server, job);
    if (delivered < 1) throw new Error(`delivered ${delivered} of what was typed`);
    return { p50, p99 };
  } finally {
    await server.stop();
  }
}

async function ofSize(subject, megabytes, { folder }) {
  const own = join(folder, freshDocument("size"));
  await mkdir(own);
  const parts = documentOf(megabytes * 1e6);
  const files = parts.map((_, index) => join(own, `part-${index}.bin`));
  for (const [index, part] of parts.entries()) await writeFile(files[index], part);
  const bytes = parts.reduce((sum, { length }) => sum + length, 0) / 2;
  let server = await startServer(subject, own);
  const sync = async (document, job) =>
    (await generate(subject, server, { kind: "sync", document, clients: 1, bytes, ...job })).rounds;
  try {
    await generate(subject, server, { kind: "seed", document: "sized", files });
    await delay(SETTLE_MS);
    const hot = median((await sync("sized", { rounds: SYNCS, isOpen: true })).flat());
    await server.stop();
    server = await startServer(subject, own);
    await sync("other", { rounds: 1, bytes: 0 });
    const [[cold]] = await sync("sized", { rounds: 1 });
    return { hot, cold };
  } finally {
    await server.stop();
  }
}
