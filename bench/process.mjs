// A piece of work in a process of its own, which prints its result.

import { startFirst } from "./server.mjs";

/** Runs a script of Node with `job` as its argument; resolves to what it says. */
export async function answer(script, job, flags = []) {
  const { child, ended } = startFirst(process.execPath, [...flags, script, JSON.stringify(job)]);
  const printed = { stdout: "", stderr: "" };
  for (const stream of Object.keys(printed)) {
    child[stream].on("data", (bytes) => (printed[stream] += bytes));
  }
  const problem = await ended;
  if (problem !== undefined) {
    throw new Error(`${JSON.stringify(job)} ended with ${problem}: ${printed.stderr}`);
  }
  return JSON.parse(printed.stdout);
}
