// Running programs and saying so: what setup, build, start and test have in common.

import { spawn, spawnSync } from "node:child_process";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The clone's top folder. */
export const root = fileURLToPath(new URL("..", import.meta.url));

/** Something that the reader of the terminal can put right: what went wrong, and what to do. */
export class Failure extends Error {
  constructor(what, advice) {
    super(what);
    this.advice = advice;
  }
}

/** Why a suite says nothing on this machine. It is told in the summary. */
export class Skip extends Error {}

/** A line that says what begins now. */
export function say(text) {
  process.stdout.write(`selvedge: ${text}\n`);
}

/** Says what begins, does it, and says how long it took if that was long. */
export async function step(text, work) {
  say(`${text} …`);
  const began = Date.now();
  const result = await work();
  const took = Date.now() - began;
  if (took >= 2000) say(`  done in ${seconds(took)}`);
  return result;
}

/** Milliseconds as `4.2 s`. */
export function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** The environment with `folders` first in PATH, and `more` variables. */
export function environment(folders, more = {}) {
  return { ...process.env, PATH: [...folders, process.env.PATH].join(delimiter), ...more };
}

/** Running groups: the number of each, and the promise of its end. */
const groups = new Map();
let watching = false;
let ending = false;

/**
 * Starts a program in the clone's top folder, without standard input. It gets a process group of
 * its own, so that all it starts can be ended with it. `ended` resolves to undefined if it ended
 * well, otherwise to its exit code, its signal, or why it did not start.
 */
export function start(program, args, { env = process.env, quiet = false } = {}) {
  if (!watching) endWithSignals();
  watching = true;
  const out = quiet ? "pipe" : "inherit";
  const stdio = ["ignore", out, out];
  const child = spawn(program, args, { cwd: root, env, stdio, detached: true });
  const ended = new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => resolve(code === 0 ? undefined : (signal ?? code)));
  }).finally(() => groups.delete(child.pid));
  if (child.pid) groups.set(child.pid, ended);
  // Nobody is told of an end that a signal to this process caused: this process ends too.
  return { child, ended: ended.then((problem) => (ending ? new Promise(() => {}) : problem)) };
}

/** What was started and does not end by itself in this time is killed. */
const END_MS_MAX = 10_000;

/** Ctrl-C and the like end what was started, then this process, by the same signal. */
function endWithSignals() {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  const signalled = (signal) => {
    // npm hands on what the terminal sent to all: the second must not end this process too early.
    if (ending) return;
    ending = true;
    endGroups("SIGTERM");
    setTimeout(() => endGroups("SIGKILL"), END_MS_MAX).unref();
    Promise.all(groups.values()).then(() => {
      for (const each of signals) process.off(each, signalled);
      process.kill(process.pid, signal);
    });
  };
  for (const signal of signals) process.on(signal, signalled);
}

function endGroups(signal) {
  for (const pid of groups.keys()) {
    try {
      process.kill(-pid, signal);
    } catch (error) {
      // It ended just now.
      if (error.code !== "ESRCH") throw error;
    }
  }
}

/**
 * Runs a program to its end. Its output is shown as it comes, or if `quiet` only when it fails.
 * Throws a `Failure` with `advice` unless it ends well.
 */
export async function run(program, args, { env, advice, quiet } = {}) {
  const { child, ended } = start(program, args, { env, quiet });
  const printed = [];
  child.stdout?.on("data", (bytes) => printed.push(bytes));
  child.stderr?.on("data", (bytes) => printed.push(bytes));
  const problem = await ended;
  if (problem === undefined) return;
  process.stderr.write(Buffer.concat(printed));
  throw new Failure(`\`${[program, ...args].join(" ")}\` ended with ${problem}`, advice);
}

/** What a program prints, trimmed; undefined if it cannot be run or fails. */
export function output(program, args) {
  const { status, stdout } = spawnSync(program, args, { cwd: root, encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

/** Runs a command of this folder: a `Failure` or a `Skip` is told in short, the rest in full. */
export async function command(work) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Failure || error instanceof Skip)) throw error;
    process.stderr.write(`selvedge: ${error.message}\n`);
    if (error.advice) process.stderr.write(`selvedge: ${error.advice}\n`);
    process.exitCode = 1;
  }
}

/** The path of a program that npm installed. */
export function npmProgram(name) {
  return join(root, "node_modules/.bin", name);
}
