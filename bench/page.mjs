// Where results go: bench/results, which nobody commits, and what is committed of them.

import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../tools/shell.mjs";
import { aimsOf } from "./aims.mjs";
import { plot, summary, table } from "./report.mjs";

const results = join(import.meta.dirname, "results");
const docs = join(root, "docs");

const NOT_YET = [
  "processor time of each connection and of each open document",
  "y-durableobjects, which could not be installed",
  "y-sweet, whose package fetches a program from elsewhere when it is installed",
];

export async function writeResult(measure, result) {
  await mkdir(results, { recursive: true });
  await writeFile(join(results, `${measure}.json`), `${JSON.stringify(result, null, 2)}\n`);
}

/**
 * Writes docs/benchmarks.md, its plots, and README's table, of the last result of each measure. A
 * measure without one keeps what the page says of it.
 */
export async function writePage(measures) {
  const file = join(docs, "benchmarks.md");
  const before = sectionsOf(existsSync(file) ? await readFile(file, "utf8") : "");
  const parts = [];
  const unmeasured = [];
  for (const [name, measure] of Object.entries(measures)) {
    const result = await lastResult(name);
    if (result) {
      await mkdir(join(docs, "benchmarks"), { recursive: true });
      await writeFile(join(docs, "benchmarks", `${name}.svg`), plot(measure, result));
      parts.push({ measure, text: section({ name, measure, result }) });
    } else if (before.has(measure.title)) {
      parts.push({ measure, text: before.get(measure.title) });
    } else {
      unmeasured.push(`the measure \`${name}\`, which no run is kept of`);
    }
  }
  if (parts.length === 0) return;
  const missing = [...unmeasured, ...NOT_YET].map((what) => `- ${what}`).join("\n");
  const sections = parts.map(({ text }) => text).join("");
  await writeFile(file, `${INTRODUCTION}${sections}\n${NOT_THERE_YET}\n\n${missing}\n`);
  // Clients have a table for each measure, on the page. README's has a column for each of servers.
  await writeReadme(summary(parts));
}

/** The last result of a measure, if there is one of all its subjects. */
async function lastResult(name) {
  const file = join(results, `${name}.json`);
  const result = existsSync(file) ? JSON.parse(await readFile(file, "utf8")) : undefined;
  return result?.isComplete ? result : undefined;
}

const NOT_THERE_YET = "## Not there yet";

/** The sections of a page, by their titles. */
export function sectionsOf(page) {
  const sections = page.split(/(?=\n## )/).filter((text) => text.startsWith("\n## "));
  return new Map(sections.map((text) => [text.slice(4, text.indexOf("\n", 1)), text]));
}

const INTRODUCTION = `# Benchmarks

Written by \`npm run bench -- --write\`; do not edit. All servers run on one machine, one after the
other in each repetition, with the same clients in a process of their own, over loopback. Figures
are the median of the repetitions (least–most), and how many times Selvedge's that is: absolute
figures are this machine's, the ratios are the useful part. Clients are measured by themselves, each
piece of work in a process of its own.

"Durable before it is shown" says whether an update is in storage before a peer sees it. Selvedge
waits for the disk in each figure about typing. The others show first: y-partyserver and Hocuspocus
store some seconds later, y-websocket's server at once with LevelDB, and otherwise never, so that it
has no figure after a restart. Selvedge and y-partyserver run in workerd without wrangler, the
others on Node. Selvedge's limits on rates are off. A server has no figure where it cannot have one,
or failed.
`;

function section({ name, measure, result }) {
  const [first] = result.subjects;
  const { length } = first.repetitions;
  const times = length === 1 ? "1 repetition" : `${length} repetitions`;
  const run = `${result.date}; ${result.machine}; load average ${result.load} before; ${times}.`;
  const picture = `![${measure.title}](benchmarks/${name}.svg)`;
  const text = [measure.text, result.note].filter(Boolean).join(" ");
  const aims = aimsOf(name, measure, result);
  const parts = [`\n## ${measure.title}`, text, run, table(measure, result), aims, picture];
  return `${parts.filter(Boolean).join("\n\n")}\n`;
}

async function writeReadme(text) {
  const file = join(root, "README.md");
  const readme = await readFile(file, "utf8");
  const between = /(<!-- benchmarks -->\n)[^]*?(<!-- end of benchmarks -->)/;
  await writeFile(file, readme.replace(between, (_, begin, end) => `${begin}${text}\n${end}`));
}
