// S1 on wasm32: mutated bytes, through everything that reads bytes of a peer.
//
//   npm test -- fuzz                          a bounded run
//   FUZZ=10000000 npm test -- fuzz            a long one
//   FUZZ=5000000-10000000 npm test -- fuzz    a part of it; FUZZ=77-78 is one input
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { KINDS, Machine, add } from "./machine.mjs";
import { runAll } from "./pool.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const kept = fileURLToPath(new URL("crashers", import.meta.url));

const INPUTS = 50_000;
/** Of a hundred inputs of a kind so many have to be accepted: refusals prove little. */
const ACCEPTED_PERCENT_MIN = 30;
/** An instance starts with little more than a megabyte, and its worlds and large inputs take some. */
const MEMORY_BYTES_MAX = 64 << 20;
/** Inputs for yrs alone, and how many of them it has to trap on at least. */
const BARE_INPUTS = 1_000;
const BARE_TRAPS_MIN = 5;

const module = new WebAssembly.Module(readFileSync(build()));

function build() {
  const args = ["build", "--profile", "fuzz", "--package", "selvedge-fuzz"];
  args.push("--target", "wasm32-unknown-unknown", "--message-format", "json");
  const built = spawnSync("cargo", args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 });
  if (built.error || built.status !== 0) {
    throw new Error(`cargo ${args.join(" ")} failed: ${built.error ?? built.stderr}`);
  }
  const messages = built.stdout.split("\n").filter(Boolean).map((line) => JSON.parse(line));
  const ours = messages.find(({ target }) => target?.name === "selvedge_fuzz");
  return ours.filenames.find((name) => name.endsWith(".wasm"));
}

/** Checks one input that was kept; returns why it failed, if it did. */
function fault(input, options) {
  const machine = new Machine(module);
  try {
    machine.again(input, options);
  } catch (error) {
    return machine.reason(error);
  }
}

const probes = () => {
  const machine = new Machine(module);
  return Array.from({ length: machine.probes }, (_, index) => machine.probe(index));
};

test("s1 what once did harm does none", () => {
  const names = readdirSync(kept).filter((name) => name.endsWith(".bin"));
  assert.ok(names.length > 0, `nothing is kept in ${kept}`);
  for (const name of names) {
    assert.equal(fault(readFileSync(join(kept, name))), undefined, name);
  }
});

test("s1 what is known to be dangerous does no harm", () => {
  for (const { name, input } of probes()) {
    assert.equal(fault(input), undefined, `${name}, ${input.length} bytes`);
  }
});

test("s1 mutated bytes neither trap nor take much memory", async () => {
  const [from, to] = numbers(process.env.FUZZ ?? `${INPUTS}`);
  const began = Date.now();
  const total = await runAll(module, from, to, { say: print });
  print(summary(total.sum), `${to - from} inputs in ${Math.round((Date.now() - began) / 1000)} s`);
  const failed = total.failures.map(keep).join("\n");
  assert.equal(failed, "", `these inputs did harm, and are kept:\n${failed}\n`);
  assert.ok(total.bytes < MEMORY_BYTES_MAX, `an instance took ${total.bytes} bytes`);
  if (to - from < BARE_INPUTS) return;
  for (const [kind, { inputs, accepted }] of total.sum.entries()) {
    const percent = (100 * accepted) / inputs;
    assert.ok(percent >= ACCEPTED_PERCENT_MIN, `only ${percent} % of ${KINDS[kind]}s are accepted`);
  }
  const [{ applied, accepted }] = total.sum;
  assert.ok(applied > 0.7 * accepted, `only ${applied} of ${accepted} updates came through to yrs`);
});

test("s1 without our walk the same inputs do harm", async () => {
  const { failures } = await runAll(module, 0, BARE_INPUTS, { bare: true });
  assert.ok(failures.length >= BARE_TRAPS_MIN, `${failures.length} inputs did harm`);
  const names = probes().filter(({ input }) => fault(input, { bare: true })).map(({ name }) => name);
  for (const name of ["the length of a string", "a count of structs", "arrays in arrays"]) {
    assert.ok(names.includes(name), `${name}: yrs alone survives it`);
  }
  print(`yrs alone: ${failures.length} of the first inputs and ${names.length} probes did harm`);
});

function numbers(text) {
  const [first, last] = text.split("-").map(Number);
  return last === undefined ? [0, first] : [first, last];
}

/** Keeps an input that did harm; returns what to do about it. */
function keep({ number, reason }) {
  const name = `input-${number}.bin`;
  writeFileSync(join(kept, name), new Machine(module).input(number));
  const again = `FUZZ=${number}-${number + 1} npm test -- fuzz`;
  return `tests/fuzz/crashers/${name}: ${reason} (${again})`;
}

function summary(sum) {
  const all = sum.reduce((all, of) => add(all, [of]), []);
  const line = (name, of) => {
    const percent = ((100 * of.accepted) / of.inputs).toFixed(0);
    const refused = of.inputs - of.accepted;
    return [
      name.padEnd(13),
      `${of.inputs} inputs, ${of.accepted} accepted (${percent} %), ${refused} refused;`,
      `yrs: ${of.applied} applied, ${of.unreadable} not readable, ${of.missing} in part,`,
      `${of.notReloaded} not reloaded; memory: at most ${of.growth} bytes,`,
      `${(of.share / 10).toFixed(1)} % of what is allowed, ${(of.factor / 100).toFixed(1)} bytes`,
      "for each byte of a large input",
    ].join(" ");
  };
  return [...KINDS.map((kind, at) => line(kind, sum[at])), line("all", all[0])].join("\n");
}

function print(...lines) {
  process.stdout.write(`${lines.join("\n")}\n`);
}
