// The size of the whole client beside the one in size.json: every visitor loads it.
//
//   npm test -- size                       fails if it grew by more than 3 %
//   node bench/bundle/check.mjs --write    makes the size that it has now the new measure

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Failure, command, output, say } from "../../tools/shell.mjs";
import { sizeOf } from "./size.mjs";
import { ourClient } from "./subjects.mjs";

const FILE = join(import.meta.dirname, "size.json");
const GROWTH_MAX = 0.03;
const RENEW = "`node bench/bundle/check.mjs --write`";

/** Throws a `Failure` if the client in dist/ is larger than it may be. */
export async function checkSize({ write = false } = {}) {
  const now = sizeOf(await ourClient());
  const rustc = output("rustc", ["--version"])?.split(" ")[1];
  if (write) {
    writeFileSync(FILE, `${JSON.stringify({ rustc, ...now }, null, 2)}\n`);
    return say("bench/bundle/size.json is written");
  }
  const before = JSON.parse(readFileSync(FILE, "utf8"));
  for (const line of lines(before, now)) say(line);
  const problem = verdict(before, now);
  if (problem === undefined) return;
  const other = before.rustc === rustc ? "" : ` It was built by rustc ${before.rustc} then.`;
  throw new Failure(problem, `If that is meant to be: ${RENEW}.${other}`);
}

/** What is wrong with the size `now`, if anything is. */
export function verdict(before, now) {
  if (now.brotli <= before.brotli * (1 + GROWTH_MAX)) return undefined;
  const growth = now.brotli / before.brotli - 1;
  return `the client grew by ${(growth * 100).toFixed(1)} %, to ${bytes(now.brotli)} in brotli`;
}

/** A line for each encoding. */
export function lines(before, now) {
  return ["raw", "gzip", "brotli"].map((name) => {
    const change = ((now[name] / before[name] - 1) * 100).toFixed(1);
    return `the client, ${name}: ${bytes(now[name])} (${change < 0 ? "" : "+"}${change} %)`;
  });
}

function bytes(count) {
  return `${count.toLocaleString("en-US")} bytes`;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await command(() => checkSize({ write: process.argv.includes("--write") }));
}
