// Making one document of a long log, on wasm32 and in JavaScript, each in a process of its own.

import { join } from "node:path";
import { run, root, step } from "../../tools/shell.mjs";
import { target } from "../../tools/versions.mjs";
import { answer } from "../process.mjs";
import { clients } from "../client/subjects.mjs";

const EXAMPLE = "compaction";
const KEYSTROKES = 260_000;
const QUICK_KEYSTROKES = 5_000;
const IN_ROW = 100;

const subject = (name, title) => ({
  title,
  get version() {
    return clients[name].version;
  },
  by: name,
});

export const compaction = {
  title: "Compacting a log",
  text:
    `A log of ${KEYSTROKES.toLocaleString("en-US")} generated keystrokes becomes one document, ` +
    `in Node: from a row for each, and from rows of ${IN_ROW} that were joined before; the first ` +
    "time in a process and later. Selvedge's core does so on encoded updates, on wasm32, without " +
    "a document; yjs loads all rows into one and encodes that, since its own merging takes a " +
    "square of the time. Less is better.",
  figures: {
    singleFirst: "single keystrokes, first, ms",
    singleWarm: "single keystrokes, later, ms",
    joinedFirst: "joined rows, first, ms",
    joinedWarm: "joined rows, later, ms",
    bytes: "document, bytes",
  },
  subjects: {
    selvedge: subject("selvedge", "Selvedge's core on wasm32"),
    yjs: subject("yjs", "yjs"),
  },
  run: compacting,
};

async function compacting({ by }, { quick, say }) {
  const wasm = await build();
  const keystrokes = quick ? QUICK_KEYSTROKES : KEYSTROKES;
  const measured = (inRow) => {
    const job = { by, wasm, keystrokes, inRow };
    return answer(join(import.meta.dirname, "compact.mjs"), job);
  };
  const single = await measured(1);
  const joined = await measured(IN_ROW);
  if (single.megabytes) say(`memory: ${single.megabytes} MB, ${joined.megabytes} MB`);
  return {
    singleFirst: single.first,
    singleWarm: single.warm,
    joinedFirst: joined.first,
    joinedWarm: joined.warm,
    bytes: single.bytes,
  };
}

let built;

/** The core as a module for wasm32, in the Worker's profile. */
function build() {
  const args = ["build", "--release", "--package", "selvedge-bench", "--example", EXAMPLE];
  args.push("--target", target);
  built ??= step("building the core for wasm32 (a minute the first time)", async () => {
    await run("cargo", args, { quiet: true });
    const folder = process.env.CARGO_TARGET_DIR ?? join(root, "target");
    return join(folder, target, "release/examples", `${EXAMPLE}.wasm`);
  });
  return built;
}
