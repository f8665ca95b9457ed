// The load generator, a process of its own: `node generator.mjs JOB`, where JOB is JSON, prints one
// line of JSON. All clients are in this process, so one clock measures from sending to receipt.

import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { Histogram } from "../statistics.mjs";
import { dialect, eachRun, keystroke } from "./dialect.mjs";
import { Socket } from "./socket.mjs";

const SYNC_MS_MAX = 20_000;
/** What was not delivered so long after the last keystroke counts as lost. */
const GRACE_MS = 3_000;
const CONNECTING_MAX = 25;

const jobs = { typing, seed, sync };
const job = JSON.parse(process.argv[2]);
const result = await jobs[job.kind](job);
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0);

/** A client that is synchronized: SyncStep2 came, or at least `bytes` of content in one message. */
async function client(job, { bytes = 0, take = () => {} } = {}) {
  const began = performance.now();
  const words = dialect(job.dialect, job.document);
  const synced = Promise.withResolvers();
  const timeout = setTimeout(() => synced.reject(new Error("not synchronized")), SYNC_MS_MAX);
  const socket = await Socket.open(job.url, (payload, sender) => {
    const message = words.read(payload);
    if (message?.kind === "step1") return sender.send(words.nothing);
    if (message === undefined) return;
    if (message.body.length >= bytes) synced.resolve(performance.now() - began);
    take(message.body);
  });
  for (const message of words.hello) socket.send(message);
  const tookMs = await synced.promise;
  clearTimeout(timeout);
  return { socket, words, tookMs };
}

/**
 * `typists` of `clients` type `rate` keys per second each. Keys of the first `warmUpMs` are not
 * measured. The rate does not wait for the server.
 */
async function typing(job) {
  const { clients, typists, rate, warmUpMs, measureMs } = job;
  const keysMax = Math.ceil((rate * (warmUpMs + measureMs)) / 1000) + 1;
  const first = 3_000_000_000 + Math.floor(Math.random() * 1_000_000_000);
  const authors = Array.from({ length: typists }, () => ({
    sentAt: new Float64Array(keysMax),
    sent: 0,
    measuredFrom: Infinity,
  }));
  const delays = new Histogram();

  const everyone = [];
  const join = async (index) => {
    const known = new Uint32Array(typists);
    const take = (update) => {
      const now = performance.now();
      eachRun(update, (id, clock, length) => {
        const author = authors[id - first];
        if (author === undefined) return;
        // An answer may repeat what has been seen; only what follows on it is a delivery.
        const from = known[id - first];
        if (clock > from) return;
        for (let key = from; key < clock + length; key++) {
          if (key < author.measuredFrom || id - first === index) continue;
          delays.record(now - author.sentAt[key]);
        }
        known[id - first] = Math.max(from, clock + length);
      });
    };
    everyone[index] = await client(job, { take });
  };
  for (let index = 0; index < clients; index += CONNECTING_MAX) {
    const some = Array.from({ length: Math.min(CONNECTING_MAX, clients - index) });
    await Promise.all(some.map((_, offset) => join(index + offset)));
  }

  const began = performance.now();
  const cpu = process.cpuUsage();
  for (;;) {
    const at = performance.now() - began;
    if (at >= warmUpMs + measureMs) break;
    authors.forEach((author, index) => {
      if (at >= warmUpMs) author.measuredFrom = Math.min(author.measuredFrom, author.sent);
      // Typists do not strike their keys at the same moment.
      const due = Math.min(Math.floor((at / 1000) * rate + index / typists), keysMax);
      if (author.sent >= due) return;
      const { socket, words } = everyone[index];
      socket.together(() => {
        for (; author.sent < due; author.sent++) {
          author.sentAt[author.sent] = performance.now();
          socket.send(words.update(keystroke(first + index, author.sent)));
        }
      });
    });
    await delay(1);
  }
  const { user, system } = process.cpuUsage(cpu);

  const measured = authors.map(({ sent, measuredFrom }) => Math.max(0, sent - measuredFrom));
  const sent = measured.reduce((sum, keys) => sum + keys, 0);
  const expected = sent * (clients - 1);
  const deadline = performance.now() + GRACE_MS;
  while (delays.count < expected && performance.now() < deadline) await delay(10);
  return {
    sent,
    sentPerSecond: (sent * 1000) / measureMs,
    delivered: delays.count / expected,
    p50: delays.quantile(0.5),
    p99: delays.quantile(0.99),
    generatorCpu: (user + system) / 1000 / (warmUpMs + measureMs),
  };
}

/** Gives the server the document in `job.file`, and waits until it gives it back. */
async function seed(job) {
  const bytes = readFileSync(job.file);
  const author = await client(job);
  author.socket.send(author.words.update(bytes));
  const reader = await client(job, { bytes: bytes.length / 2 });
  author.socket.close();
  reader.socket.close();
  return {};
}

/**
 * `clients` synchronize at once, `rounds` times; each round's times are in order. With `isOpen`
 * somebody is there all the time: some servers unload a document that everybody has left.
 */
async function sync(job) {
  const rounds = [];
  if (job.isOpen) await client(job);
  for (let round = 0; round < job.rounds; round++) {
    const one = () => client(job, { bytes: job.bytes });
    const all = await Promise.all(Array.from({ length: job.clients }, one));
    const times = all.map(({ tookMs }) => Math.round(tookMs * 100) / 100);
    rounds.push(times.sort((a, b) => a - b));
    for (const { socket } of all) socket.close();
    await delay(50);
  }
  return { rounds };
}
