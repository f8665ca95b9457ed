// What is measured. Each measure runs once for one subject and returns its figures, without those
// that the subject cannot have.

import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startFirst, startServer } from "./server.mjs";
import { median } from "./statistics.mjs";

const GENERATOR = join(import.meta.dirname, "load/generator.mjs");
const CLIENTS = 50;
const TYPISTS = 5;

const WARM_UP_MS = 5_000;
const TYPING_MS = 20_000;
const KEYS_PER_SECOND = 10;

const STEP_WARM_UP_RATE = 40;
const STEP_WARM_UP_MS = 3_000;
const STEP_SETTLE_MS = 500;
const STEP_MS = 5_000;
const UPDATES_PER_SECOND = 1_600;
const UPDATES_PER_SECOND_MAX = 204_800;
const P99_MS_MAX = 100;
/** A server that answers late must not get less to do: the generator has to keep its rate. */
const SENT_MIN = 0.97;

/** Longer than any subject waits before it stores, so that a restart finds the document. */
const SETTLE_MS = 5_000;
const HOT_ROUNDS = 15;
const COLD_ROUNDS = 3;

export const measures = {
  latency: {
    title: "A keystroke's way to the others",
    text:
      `${CLIENTS} clients in one document, of which ${TYPISTS} type ${KEYS_PER_SECOND} keys a ` +
      `second each, for ${TYPING_MS / 1000} s after ${WARM_UP_MS / 1000} s of warm-up: from ` +
      "sending until each other client has it. Less is better.",
    figures: { p50: "keystroke, median ms", p99: "keystroke, 99th percentile ms" },
    run: latency,
  },
  sustained: {
    title: "Updates that are sustained",
    text:
      `Updates a second, each of one letter, that ${CLIENTS} clients received in full with a ` +
      `99th percentile of at most ${P99_MS_MAX} ms, over ${STEP_MS / 1000} s. The load is doubled ` +
      "until that fails twice, so a figure is right within a factor of two. More is better.",
    figures: { updates: "sustained updates/s" },
    run: sustained,
  },
  sync: {
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
  },
};

async function latency(subject, { folder }) {
  const server = await startServer(subject, folder);
  try {
    const { p50, p99, delivered } = await typing(subject, server, {
      rate: KEYS_PER_SECOND,
      warmUpMs: WARM_UP_MS,
      measureMs: TYPING_MS,
    });
    if (delivered < 1) throw new Error(`${subject.title} delivered ${delivered} of what was typed`);
    return { p50, p99 };
  } finally {
    await server.stop();
  }
}

/** Doubles the rate until a step fails; if already the first does, halves it until one succeeds. */
async function sustained(subject, { folder, say }) {
  let server;
  const step = async (rate) => {
    if (server === undefined) {
      server = await startServer(subject, folder);
      await warmUp(subject, server);
    }
    const passed = await keepsUp(subject, server, { rate, say });
    if (!passed) {
      // It is behind, and must not be asked to catch up during the next step.
      await server.stop();
      server = undefined;
    }
    return passed;
  };
  // A step that failed is tried once more, since it may have been the machine.
  const passes = async (rate) => (await step(rate)) || step(rate);
  try {
    let rate = UPDATES_PER_SECOND;
    if (await passes(rate)) {
      while (rate < UPDATES_PER_SECOND_MAX && (await passes(rate * 2))) rate *= 2;
      return { updates: rate };
    }
    for (rate /= 2; rate >= TYPISTS; rate /= 2) {
      if (await passes(rate)) return { updates: rate };
    }
    return {};
  } finally {
    await server?.stop();
  }
}

/** So that a server's code is compiled when it matters. */
function warmUp(subject, server) {
  const load = { rate: STEP_WARM_UP_RATE, warmUpMs: 0, measureMs: STEP_WARM_UP_MS };
  return typing(subject, server, load);
}

async function keepsUp(subject, server, { rate, say }) {
  try {
    const { sentPerSecond, delivered, p99, generatorCpu } = await typing(subject, server, {
      rate: rate / TYPISTS,
      warmUpMs: STEP_SETTLE_MS,
      measureMs: STEP_MS,
    });
    say(
      `${rate}/s: ${(delivered * 100).toFixed(1)} % delivered, p99 ${p99} ms, ` +
        `${Math.round(sentPerSecond)}/s sent, generator at ${Math.round(generatorCpu * 100)} %`,
    );
    return delivered === 1 && p99 <= P99_MS_MAX && sentPerSecond >= SENT_MIN * rate;
  } catch (error) {
    say(`${rate}/s: ${error.message}`);
    return false;
  }
}

async function firstSync(subject, { folder, document }) {
  let server = await startServer(subject, folder);
  const sync = async (name, job) => {
    const { rounds } = await generate(subject, server, name, { kind: "sync", rounds: 1, ...job });
    return rounds;
  };
  const bytes = document.bytes / 2;
  try {
    await generate(subject, server, "large", { kind: "seed", file: document.file });
    const alone = { clients: 1, rounds: HOT_ROUNDS, bytes, isOpen: true };
    const hot = median((await sync("large", alone)).flat());
    const [times] = await sync("large", { clients: CLIENTS, bytes, isOpen: true });
    const figures = { hot, crowd: times.at(-1) };
    if (!subject.persists) return figures;
    await delay(SETTLE_MS);
    const cold = [];
    for (let round = 0; round < COLD_ROUNDS; round++) {
      await server.stop();
      server = await startServer(subject, folder);
      // The first connection of all is the process' start, and not the document's.
      await sync(`other-${round}`, { clients: 1, bytes: 0 });
      cold.push(...(await sync("large", { clients: 1, bytes })).flat());
    }
    return { ...figures, cold: median(cold) };
  } finally {
    await server.stop();
  }
}

function typing(subject, server, load) {
  const job = { kind: "typing", clients: CLIENTS, typists: TYPISTS, ...load };
  return generate(subject, server, `typed-${randomUUID()}`, job);
}

/** Runs the generator on one document to its end; what it prints is the result. */
async function generate(subject, server, document, job) {
  const target = { url: server.url(document), document, dialect: subject.dialect };
  const args = [GENERATOR, JSON.stringify({ ...job, ...target })];
  const { child, ended } = startFirst(process.execPath, args);
  const printed = { stdout: "", stderr: "" };
  for (const name of Object.keys(printed)) {
    child[name].on("data", (bytes) => (printed[name] += bytes));
  }
  const problem = await ended;
  if (problem !== undefined) {
    throw new Error(`the generator ended with ${problem}: ${printed.stderr}`);
  }
  return JSON.parse(printed.stdout);
}
