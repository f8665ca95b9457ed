// Where results go: bench/results, which nobody commits, and what is committed of them.

import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../tools/shell.mjs";
import { areServers, plot, summary, table } from "./report.mjs";

const results = join(import.meta.dirname, "results");
const docs = join(root, "docs");

const NOT_YET = [
  "processor time of each connection and of each open document",
  "y-durableobjects; y-sweet, whose package fetches a program from elsewhere when it is installed",
];

export async function writeResult(measure, result) {
  await mkdir(results, { recursive: true });
  await writeFile(join(results, `${measure}.json`), `${JSON.stringify(result, null, 2)}\n`);
}

/** Writes docs/benchmarks.md, its plots, and README's table, of the last result of each measure. */
export async function writePage(measures) {
  const parts = [];
  for (const [name, measure] of Object.entries(measures)) {
    const file = join(results, `${name}.json`);
    if (!existsSync(file)) continue;
    const result = JSON.parse(await readFile(file, "utf8"));
    if (!result.isComplete) continue;
    await mkdir(join(docs, "benchmarks"), { recursive: true });
    await writeFile(join(docs, "benchmarks", `${name}.svg`), plot(measure, result));
    parts.push({ name, measure, result });
  }
  if (parts.length === 0) return;
  const without = Object.keys(measures).filter((name) => parts.every((part) => part.name !== name));
  const unmeasured = without.map((name) => `the measure \`${name}\`, which no run is kept of`);
  const missing = [...unmeasured, ...NOT_YET].map((what) => `- ${what}`).join("\n");
  const sections = parts.map(section).join("");
  const page = `${INTRODUCTION}${sections}\n## Not there yet\n\n${missing}\n`;
  await writeFile(join(docs, "benchmarks.md"), page);
  // Clients have a table for each measure, on the page.
  const servers = parts.filter(({ result }) => areServers(result.subjects));
  if (servers.length > 0) await writeReadme(summary(servers));
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
  const parts = [`\n## ${measure.title}`, text, run, table(measure, result), picture];
  return `${parts.join("\n\n")}\n`;
}

async function writeReadme(text) {
  const file = join(root, "README.md");
  const readme = await readFile(file, "utf8");
  const between = /(<!-- benchmarks -->\n)[^]*?(<!-- end of benchmarks -->)/;
  await writeFile(file, readme.replace(between, (_, begin, end) => `${begin}${text}\n${end}`));
}
