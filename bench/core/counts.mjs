// The instructions that the core takes for its work, beside those in counts.json. Times differ from
// run to run and from machine to machine; these do not, so that a regression shows in one run.
//
//   npm test -- counts                      fails if something takes more than it did
//   node bench/core/counts.mjs --write      makes what it takes now the new measure
//
// callgrind counts natively, in the release profile, and only inside one function of
// src/cases.rs, so that preparing the work does not count.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Failure, Skip, command, output, root, say } from "../../tools/shell.mjs";
import { valgrind } from "../../tools/valgrind.mjs";
import { GROWTH_ELSEWHERE_MAX, GROWTH_MAX, compare, counted, lines } from "./compare.mjs";

const FILE = join(import.meta.dirname, "counts.json");
const PROGRAM = "selvedge-counts";
const RENEW = "`node bench/core/counts.mjs --write`";
/** So that each x86-64 processor runs the same memcpy. */
const TUNABLES = "glibc.cpu.hwcaps=-AVX2,-AVX_Fast_Unaligned_Load,-ERMS,-FSRM";

/** Throws a `Failure` if something takes more than it did, a `Skip` where that cannot be said. */
export async function checkCounts({ write = false } = {}) {
  const where = await valgrind();
  const here = { machine: process.arch, rustc: rustc(), libc: libc() };
  const before = JSON.parse(readFileSync(FILE, "utf8"));
  if (!write && before.machine !== here.machine) {
    throw new Skip(`counts.json is of ${before.machine}, and this machine is ${here.machine}`);
  }
  const now = countAll(where, build());
  if (write) {
    writeFileSync(FILE, `${JSON.stringify({ ...here, instructions: now }, null, 2)}\n`);
    say("bench/core/counts.json is written");
    return;
  }
  const isSame = before.rustc === here.rustc && before.libc === here.libc;
  const max = isSame ? GROWTH_MAX : GROWTH_ELSEWHERE_MAX;
  const compared = compare(before.instructions, now, max);
  process.stdout.write(`${lines(compared).join("\n")}\n`);
  if (!isSame) {
    say(
      `NOTE: counts.json is of rustc ${before.rustc} with ${before.libc}, this is ${here.rustc} ` +
        `with ${here.libc}: only growth of ${max * 100} % is noticed until ${RENEW}`,
    );
  }
  const of = (verdict) => compared.filter((it) => it.verdict === verdict).map(({ name }) => name);
  if (of("fell").length > 0) say(`less than before: keep it with ${RENEW}`);
  const bad = [];
  if (of("grew").length > 0) {
    bad.push(`over ${max * 100} % more instructions than before: ${of("grew").join("; ")}`);
  }
  if (of("new").length > 0) bad.push(`not in counts.json: ${of("new").join("; ")}`);
  if (of("gone").length > 0) bad.push(`only in counts.json: ${of("gone").join("; ")}`);
  if (bad.length > 0) throw new Failure(bad.join(". "), `If that is meant to be: ${RENEW}`);
}

function rustc() {
  return output("rustc", ["--version"])?.split(" ")[1] ?? "unknown";
}

function libc() {
  return `glibc ${process.report.getReport().header.glibcVersionRuntime ?? "unknown"}`;
}

/** Builds the program; returns its path. */
function build() {
  say("building what is counted (a minute the first time) …");
  const args = ["build", "--release", "--package", "selvedge-bench", "--bin", PROGRAM];
  args.push("--message-format", "json-render-diagnostics");
  const stdio = ["ignore", "pipe", "inherit"];
  const options = { cwd: root, encoding: "utf8", stdio, maxBuffer: 1 << 28 };
  const { status, stdout } = spawnSync("cargo", args, options);
  if (status !== 0) throw new Failure(`\`cargo ${args.join(" ")}\` ended with ${status}`);
  const messages = stdout.split("\n").filter(Boolean).map((line) => JSON.parse(line));
  return messages.find(({ target, executable }) => target?.name === PROGRAM && executable)
    .executable;
}

/** The instructions of all work, by its name. */
function countAll(where, program) {
  const names = execFileSync(program, { encoding: "utf8" }).split("\n").filter(Boolean);
  const folder = mkdtempSync(join(tmpdir(), "selvedge-counts-"));
  try {
    return Object.fromEntries(names.map((name) => [name, count(where, program, name, folder)]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function count(where, program, name, folder) {
  const file = join(folder, "profile");
  const args = ["--tool=callgrind", `--callgrind-out-file=${file}`, "--collect-atstart=no"];
  args.push("--toggle-collect=*cases::measured*", program, name);
  const env = { ...process.env, GLIBC_TUNABLES: TUNABLES };
  const { status, stderr } = spawnSync(where, args, { encoding: "utf8", env });
  if (status !== 0) throw new Failure(`callgrind ended with ${status} in "${name}"`, stderr);
  const instructions = counted(readFileSync(file, "utf8"));
  if (instructions === undefined) throw new Failure(`callgrind counted nothing in "${name}"`);
  return instructions;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await command(() => checkCounts({ write: process.argv.includes("--write") }));
}
