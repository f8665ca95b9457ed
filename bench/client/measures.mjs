// What clients do by themselves, without a network: typing, taking in what others typed, loading.

import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { answer } from "../process.mjs";
import { clients } from "./subjects.mjs";
import { traceNote } from "./trace.mjs";

const WORK = join(import.meta.dirname, "work.mjs");

export const inNode = {
  replay: {
    title: "Typing a document",
    text:
      "All keystrokes of a long editing session, one after the other, in Node: until the text is " +
      "there and every update has been handed on. Less is better.",
    note: traceNote,
    figures: { ms: "typing it all, ms" },
    subjects: clients,
    run: (subject, options) => work(subject, "replay", options),
  },
  apply: {
    title: "Taking in what others type",
    text:
      "The same session as updates of one keystroke each, taken in one by one, in Node: how many " +
      "a second, if nobody looks, and if somebody is told what each changed in the text. Whoever " +
      "is not done after a minute is shown with what that minute brought. More is better.",
    note: traceNote,
    figures: { updates: "updates/s", observed: "updates/s, observed" },
    subjects: clients,
    run: applying,
  },
  load: {
    title: "Loading a document",
    text:
      "The document at the end of that session, in Node: from its encoding (each library's own; " +
      "Selvedge, yjs and ywasm share Yjs's first) to its text, the first time in a process and " +
      "later; and what the process grows by for each one that is open. Less is better.",
    note: traceNote,
    figures: {
      first: "first load, ms",
      warm: "later loads, ms",
      bytes: "encoded, bytes",
      megabytes: "memory for each, MB",
    },
    subjects: clients,
    run: loading,
  },
};

async function applying(subject, options) {
  const prepared = await prepare(subject, options);
  const plain = await work(subject, "apply", prepared);
  const observed = await work(subject, "apply", prepared, { observed: true });
  for (const { share } of [plain, observed]) {
    if (share < 1) options.say(`only ${(100 * share).toFixed(1)} % of the updates in a minute`);
  }
  return { updates: plain.updates, observed: observed.updates };
}

async function loading(subject, options) {
  const prepared = await prepare(subject, options);
  const times = await work(subject, "load", prepared);
  return { ...times, ...(await work(subject, "memory", prepared)) };
}

/** Where updates and document for this subject are, made once in a run. */
async function prepare({ source }, { folder, quick }) {
  const prepared = { folder: join(dirname(folder), `prepared-${source}`), quick };
  if (!existsSync(join(prepared.folder, "document"))) {
    await mkdir(prepared.folder, { recursive: true });
    await work({ module: source }, "prepare", prepared);
  }
  return prepared;
}

/** Does one piece of work in a process of its own; resolves to what it found. */
function work({ module }, work, { folder, quick }, more = {}) {
  const flags = ["--expose-gc", "--max-old-space-size=8000"];
  return answer(WORK, { name: module, work, folder, quick, ...more }, flags);
}
