// `npm test`: every suite, or only those named: `npm test -- native worker`. Each is run to its
// end even if one before it failed; the summary and the exit code tell.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { checkCounts } from "../bench/core/counts.mjs";
import { browser, firefox } from "./browser.mjs";
import { build } from "./build.mjs";
import { checkReference } from "./reference.mjs";
import { setup, toolEnvironment } from "./setup.mjs";
import { Failure, Skip, command, npmProgram, root, run, seconds } from "./shell.mjs";
import { target } from "./versions.mjs";
import { wrangler, wranglerEnvironment } from "./wrangler.mjs";

/** One test may take as long as this: a hang must not eat the machine. */
const TEST_MS_MAX = 600_000;

/** What Chromium and Firefox may do differently: locks, storage, sockets, ends of pages. */
const IN_FIREFOX = ["apart", "offline", "presence", "status", "survive", "tabs"];

const suites = {
  format: { title: "the source is formatted", run: () => cargo("fmt", "--all", "--check") },
  lint: { title: "clippy, for the core, the Worker and the client", run: lint },
  native: { title: "the core's tests, natively", run: () => cargo("test") },
  "wasm-node": { title: "the core's tests on wasm32, in Node", run: wasmInNode },
  "wasm-browser": { title: "core and client on wasm32, in Chromium", run: wasmInBrowser },
  build: { title: "Worker and client are built", run: product },
  deploy: { title: "what would be deployed", run: dryRun },
  size: { title: "the size of the client", run: size },
  types: { title: "the client's types, and their reference", run: types },
  bench: { title: "what the benchmarks compute", run: bench },
  counts: { title: "instructions of the core's work", run: () => checkCounts() },
  update: { title: "encoded updates against stock Yjs", run: () => nodeTests("update") },
  fuzz: { title: "mutated bytes on wasm32", run: fuzz },
  worker: { title: "the Worker in workerd", run: () => nodeTests("worker") },
  browser: { title: "the page in Chromium", run: () => nodeTests("browser") },
  firefox: { title: "offline, tabs and who is here in Firefox", run: inFirefox },
};

let built;

await command(async () => {
  const names = chosen(process.argv.slice(2));
  const began = Date.now();
  await setup();
  const results = [];
  for (const name of names) results.push(await outcome(name));
  process.stdout.write(`\n── summary, ${seconds(Date.now() - began)} in all ──\n`);
  for (const { name, problem, word, took } of results) {
    process.stdout.write(`  ${word.padEnd(7)}  ${name.padEnd(14)}${took.padStart(9)}\n`);
    if (problem) process.stdout.write(`          ${problem.split("\n")[0]}\n`);
  }
  const [failed, skipped] = ["FAILED", "SKIPPED"].map(
    (word) => results.filter((result) => result.word === word).length,
  );
  const passed = results.length - failed - skipped;
  const without = skipped > 0 ? `, ${skipped} SKIPPED` : "";
  process.stdout.write(`\n${passed} passed, ${failed} failed${without}\n`);
  if (failed > 0) process.exitCode = 1;
});

/** The suites to run: those named, in their order; all if none is. */
function chosen(named) {
  const all = Object.keys(suites);
  const unknown = named.filter((name) => !all.includes(name));
  if (unknown.length > 0) {
    throw new Failure(`no suite is called ${unknown.join(" or ")}`, `There are ${all.join(", ")}.`);
  }
  return named.length > 0 ? all.filter((name) => named.includes(name)) : all;
}

async function outcome(name) {
  process.stdout.write(`\n── ${name}: ${suites[name].title} ──\n`);
  const began = Date.now();
  let problem;
  let word = "passed";
  try {
    await suites[name].run();
  } catch (error) {
    word = error instanceof Skip ? "SKIPPED" : "FAILED";
    problem = error instanceof Skip ? error.message : error.stack;
    if (error instanceof Failure) {
      problem = [error.message, error.advice].filter(Boolean).join(". ");
    }
    process.stdout.write(`${problem}\n`);
  }
  const took = seconds(Date.now() - began);
  process.stdout.write(`── ${name} ${word} after ${took} ──\n`);
  return { name, problem, word, took };
}

function cargo(...args) {
  return run("cargo", args, { env: toolEnvironment() });
}

async function lint() {
  const deny = ["--", "-D", "warnings"];
  await cargo("clippy", "--all-targets", ...deny);
  // The shells exist on wasm32 only.
  for (const shell of ["worker", "client"]) {
    await cargo("clippy", "--all-targets", "--target", target, "--features", shell, ...deny);
  }
  await cargo("clippy", "--package", "selvedge-fuzz", "--target", target, ...deny);
  await cargo("clippy", "--package", "selvedge-bench", "--all-targets", ...deny);
}

function wasmInNode() {
  return run("wasm-pack", ["test", "--mode", "no-install", "--node"], { env: toolEnvironment() });
}

async function wasmInBrowser() {
  const { chromedriver } = await browser();
  const args = ["test", "--mode", "no-install", "--headless", "--chrome"];
  args.push("--chromedriver", chromedriver, "--features", "client");
  // Without this, only tests that say themselves that they want a browser would run.
  await run("wasm-pack", args, { env: toolEnvironment({ WASM_BINDGEN_USE_BROWSER: "1" }) });
}

/** Worker and client, built once for all suites that want them. */
function product() {
  built ??= build();
  return built;
}

async function dryRun() {
  await product();
  const env = wranglerEnvironment(join(root, ".wrangler"), { CI: "1", SELVEDGE_BUILD: "skip" });
  await run(wrangler.node, [wrangler.script, "deploy", "--dry-run"], { env });
}

async function size() {
  await product();
  // What it measures with is there only after the setup.
  const { checkSize } = await import("../bench/bundle/check.mjs");
  await checkSize();
}

async function types() {
  await product();
  const folder = join(root, "dist/selvedge");
  for (const file of readdirSync(folder).filter((name) => /^(?!.*_bg).*\.d\.ts$/.test(name))) {
    const code = readFileSync(join(folder, file), "utf8").replace(/\/\*[^]*?\*\/|\/\/.*/g, "");
    const line = code.split("\n").find((text) => /\bany\b/.test(text));
    if (line) throw new Failure(`the types of ${file} say any: ${line.trim()}`);
  }
  await run(npmProgram("tsc"), ["--project", "tests/types"], { env: toolEnvironment() });
  await checkReference();
}

/** FUZZ=10000000 in the environment makes it a long run. */
function fuzz() {
  const args = ["--test", "--test-reporter=spec", "tests/fuzz/fuzz.test.mjs"];
  return run(npmProgram("node"), args, { env: toolEnvironment() });
}

/** Only what needs no server: nothing is measured here, and no peer's package is there. */
function bench() {
  const files = readdirSync(join(root, "bench")).filter((name) => name.endsWith(".test.mjs"));
  const args = ["--test", ...files.map((name) => `bench/${name}`)];
  return run(npmProgram("node"), args, { env: toolEnvironment() });
}

/** Minutes, and 80 MB to install: so only if it is asked for. */
async function inFirefox() {
  if (!process.env.FIREFOX) throw new Skip("FIREFOX=1 in the environment runs it");
  await product();
  const env = { FIREFOX: await firefox() };
  await nodeFiles(IN_FIREFOX.map((name) => `tests/browser/${name}.test.mjs`), env);
}

async function nodeTests(folder) {
  const path = join(root, "tests", folder);
  const names = existsSync(path) ? readdirSync(path) : [];
  const files = names.filter((name) => name.endsWith(".test.mjs"));
  if (files.length === 0) throw new Failure(`tests/${folder} has no tests`);
  await product();
  const { chromium } = folder === "browser" ? await browser() : {};
  const env = chromium ? { CHROMIUM: chromium, FIREFOX: "" } : {};
  await nodeFiles(files.map((file) => `tests/${folder}/${file}`), env);
}

function nodeFiles(files, env) {
  const args = ["--test", "--test-concurrency=1", `--test-timeout=${TEST_MS_MAX}`, ...files];
  return run(npmProgram("node"), args, { env: toolEnvironment(env) });
}
