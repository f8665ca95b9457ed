// `npm run bench`: Selvedge and its peers, one after the other on this machine, with the same work.
//
//   npm run bench                              all of it: most of an hour a repetition
//   npm run bench -- latency selvedge          only these measures and subjects
//   npm run bench -- --quick --repetitions 1   shortened, to see that all of it runs; not kept
//   npm run bench -- --repetitions 5 --write   and write docs/benchmarks.md
//
// Everything stays on loopback. Results are in bench/results.

import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, loadavg, tmpdir, type } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { encodeStateVectorFromUpdate } from "yjs";
import { Failure, command, root, say } from "../tools/shell.mjs";
import { clientMeasures } from "./clients.mjs";
import { largeDocument } from "./document.mjs";
import { measures as serverMeasures } from "./measures.mjs";
import { writePage, writeResult } from "./page.mjs";
import { installPeers } from "./peers.mjs";
import { table } from "./report.mjs";
import { afterwards } from "./server.mjs";
import { hocuspocus } from "./subjects/hocuspocus.mjs";
import { selvedge } from "./subjects/selvedge.mjs";
import { yPartyserver } from "./subjects/y_partyserver.mjs";
import { yWebsocket, yWebsocketLeveldb } from "./subjects/y_websocket.mjs";

const subjects = {
  selvedge,
  "y-partyserver": yPartyserver,
  "y-websocket": yWebsocket,
  "y-websocket-leveldb": yWebsocketLeveldb,
  hocuspocus,
};

/** A measure of clients has subjects of its own. */
const measures = { ...serverMeasures, ...clientMeasures };
const subjectsOf = (measure) => measures[measure].subjects ?? subjects;

await command(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: "boolean", default: false },
      repetitions: { type: "string", default: "3" },
      write: { type: "boolean", default: false },
    },
  });
  const names = chosen(positionals);
  const repetitions = Number(values.repetitions);
  if (!(repetitions >= 1)) throw new Failure("--repetitions takes a number, from 1");
  if (!existsSync(join(root, "build/index.js"))) {
    throw new Failure("the Worker is not built", "Run `npm run build` first.");
  }
  if (!names.subjects.every((name) => name.startsWith("selvedge"))) await installPeers();

  const folder = await mkdtemp(join(tmpdir(), "selvedge-bench-"));
  afterwards('sleep 1; rm -rf -- "$1"', folder);
  try {
    const large = await writeDocument(folder);
    for (const measure of names.measures) {
      const { quick } = values;
      const options = { wanted: names.subjects, repetitions, folder, large, quick };
      const result = await repeat(measure, options);
      if (result.subjects.length === 0) continue;
      if (!values.quick) await writeResult(measure, result);
      process.stdout.write(`\n${table(measures[measure], result)}\n\n`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
  if (values.write) await writePage(measures);
});

/** The measures and subjects that are named; all of a sort if none of it is. */
function chosen(named) {
  const known = { measures: Object.keys(measures), subjects: [] };
  known.subjects = [...new Set(known.measures.flatMap((name) => Object.keys(subjectsOf(name))))];
  const all = [...known.measures, ...known.subjects];
  const unknown = named.filter((name) => !all.includes(name));
  if (unknown.length > 0) {
    const what = `nothing is called ${unknown.join(" or ")}`;
    throw new Failure(what, `There are ${all.join(", ")}.`);
  }
  const pick = (all) => {
    const some = all.filter((name) => named.includes(name));
    return some.length > 0 ? some : all;
  };
  return { measures: pick(known.measures), subjects: pick(known.subjects) };
}

/**
 * One measure of all subjects. They take turns, so that a machine that becomes slower does so for
 * all of them.
 */
async function repeat(measure, { wanted, repetitions: most, folder, large, quick }) {
  const subjects = subjectsOf(measure);
  const repetitions = measures[measure].isExact ? 1 : most;
  const applies = measures[measure].applies ?? (() => true);
  const possible = Object.keys(subjects).filter((name) => applies(subjects[name]));
  const names = wanted.filter((name) => possible.includes(name));
  const result = {
    measure,
    isComplete: !quick && names.length === possible.length,
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} cores, ${type()}, Node ${process.versions.node}`,
    load: Number(loadavg()[0].toFixed(1)),
    note: measures[measure].note?.(),
    subjects: names.map((name) => {
      const { title, version, durable } = subjects[name];
      return { name, title, version, durable, repetitions: [] };
    }),
  };
  for (let repetition = 1; repetition <= repetitions; repetition++) {
    for (const subject of result.subjects) {
      const { name, title } = subject;
      const own = join(folder, `${measure}-${name}-${repetition}`);
      await mkdir(own);
      const tell = (text) => say(`${measure} ${repetition}/${repetitions}, ${title}: ${text}`);
      const options = { folder: own, large, quick, say: tell };
      // Who fails has no figures; that must not take those of the others.
      const figures = await measures[measure].run(subjects[name], options).catch((error) => {
        tell(`failed: ${error.message}`);
        process.exitCode = 1;
        return {};
      });
      tell(JSON.stringify(figures));
      subject.repetitions.push(figures);
      await rm(own, { recursive: true, force: true, maxRetries: 5 });
    }
  }
  return result;
}

async function writeDocument(folder) {
  const bytes = largeDocument();
  const file = join(folder, "large.yjs");
  await writeFile(file, bytes);
  const stateVector = Buffer.from(encodeStateVectorFromUpdate(bytes)).toString("base64");
  return { files: [file], bytes: bytes.length, stateVector };
}
