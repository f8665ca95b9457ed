// One piece of work of one library, in a process of its own, whose only word on standard output is
// the result. Its argument says what: `{ name, work, folder, observed, quick }`.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate, setTimeout as delay } from "node:timers/promises";
import { median } from "../statistics.mjs";
import { pack, unpack } from "./packed.mjs";
import { trace } from "./trace.mjs";

/** Keystrokes between two breaths of the event loop, in which timers and callbacks run. */
const BURST = 1_000;
const APPLY_MS_MAX = 60_000;
const APPLY_BURST = 100;
const WARM_LOADS = 10;
const HELD = 20;

const job = JSON.parse(process.argv[2]);
const { use } = await import(`./libraries/${job.name}.mjs`);
const of = await use();
const file = (name) => join(job.folder, name);

const works = { prepare, replay, apply, load, memory };
const result = await works[job.work]();
// A client that is online has timers.
process.stdout.write(JSON.stringify(result), () => process.exit());

async function type(copy, edits) {
  for (let at = 0; at < edits.length; at++) {
    of.edit(copy, ...edits[at]);
    if (at % BURST === 0) await setImmediate();
  }
  await of.settle?.(copy);
}

function check(copy, end) {
  if (of.text(copy) !== end) throw new Error(`${job.name} ended with another text`);
}

/** Writes down each keystroke as an update, and the document at the end. */
async function prepare() {
  const { edits, end } = trace(job);
  const updates = [];
  const copy = of.create((update) => updates.push(update.slice()));
  await type(copy, edits);
  // Some tell of their updates later.
  await delay(50);
  check(copy, end);
  writeFileSync(file("updates"), pack(updates));
  writeFileSync(file("document"), of.encode(copy));
  return { updates: updates.length };
}

async function replay() {
  const { edits, end } = trace(job);
  const copy = of.create(() => {});
  const began = performance.now();
  await type(copy, edits);
  const ms = performance.now() - began;
  check(copy, end);
  return { ms };
}

async function apply() {
  const updates = unpack(readFileSync(file("updates")));
  const items = of.wrap ? updates.map(of.wrap) : updates;
  const copy = of.create();
  let heard = 0;
  if (job.observed) of.observe(copy, () => heard++);
  const began = performance.now();
  let done = 0;
  while (done < items.length && performance.now() - began < APPLY_MS_MAX) {
    const burst = Math.min(items.length, done + APPLY_BURST);
    for (; done < burst; done++) of.apply(copy, items[done]);
  }
  // Some tell what changed in a microtask.
  await setImmediate();
  const seconds = (performance.now() - began) / 1000;
  if (done === items.length) check(copy, trace(job).end);
  if (job.observed && heard === 0) throw new Error(`${job.name} told nobody what changed`);
  return { updates: done / seconds, share: done / items.length };
}

/** From encoded bytes until the text is there; the first in this process, and later ones. */
function load() {
  const bytes = new Uint8Array(readFileSync(file("document")));
  const { length } = trace(job).end;
  const once = () => {
    const began = performance.now();
    const copy = of.load(bytes);
    const text = of.text(copy);
    const took = performance.now() - began;
    if (text.length !== length) throw new Error(`${job.name} loaded another text`);
    of.close(copy);
    return took;
  };
  const first = once();
  const warm = median(Array.from({ length: WARM_LOADS }, once));
  return { first, warm, bytes: bytes.length };
}

/** What this process grows by for each loaded document, after a first one. */
async function memory() {
  const bytes = new Uint8Array(readFileSync(file("document")));
  const held = [];
  const more = () => {
    const copy = of.load(bytes);
    of.text(copy);
    held.push(copy);
  };
  more();
  const before = await resident();
  for (let count = 0; count < HELD; count++) more();
  const grown = (await resident()) - before;
  held.forEach(of.close);
  return { megabytes: grown / HELD / 2 ** 20 };
}

async function resident() {
  for (let round = 0; round < 4; round++) {
    globalThis.gc();
    await delay(20);
  }
  return process.memoryUsage().rss;
}
