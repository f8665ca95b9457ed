// Runs the load generator against a server.

import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { startFirst } from "./server.mjs";

const GENERATOR = join(import.meta.dirname, "load/generator.mjs");

/** No job takes half as long: a server that has gone silent must not hold up the others. */
const JOB_MS_MAX = 300_000;

/** Runs one job to its end; what it prints is the result. `job.document` is the one it is about. */
export async function generate(subject, server, job) {
  const target = { url: server.url("{document}"), pid: server.pid, dialect: subject.dialect };
  const args = [GENERATOR, JSON.stringify({ ...target, ...job })];
  const { child, ended } = startFirst(process.execPath, args);
  const printed = { stdout: "", stderr: "" };
  for (const name of Object.keys(printed)) {
    child[name].on("data", (bytes) => (printed[name] += bytes));
  }
  const timeout = setTimeout(() => process.kill(-child.pid, "SIGKILL"), JOB_MS_MAX);
  const problem = await ended;
  clearTimeout(timeout);
  if (problem !== undefined) {
    throw new Error(`the generator ended with ${problem}: ${printed.stderr}`);
  }
  return JSON.parse(printed.stdout);
}

/** A document that nothing else is in. */
export function freshDocument(what) {
  return `${what}-${randomUUID()}`;
}
