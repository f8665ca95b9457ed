// A subject's server on a free port of loopback. It ends with this process, however that ends.

import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { setPriority } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../tests/harness.mjs";
import { start } from "../tools/shell.mjs";

const START_MS_MAX = 30_000;
const PRINTED_MAX = 4_000;

/**
 * Starts `subject` on what `folder` has, with `settings` beside its own if it knows any; resolves
 * to `{ url(document), pid, stop() }`.
 */
export async function startServer(subject, folder, settings = {}) {
  const port = await freePort();
  const { program, args, env } = await subject.command({ folder, port, settings });
  const { child, ended } = startFirst(program, args, env);
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (bytes) => (printed = (printed + bytes).slice(-PRINTED_MAX)));
  }
  const stop = async () => {
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch (error) {
      if (error.code !== "ESRCH") throw error;
    }
    await ended;
  };
  try {
    await untilListening(port, child);
  } catch (error) {
    await stop();
    throw new Error(`${subject.title} did not start: ${error.message}\n${printed}`);
  }
  const url = (document) => `ws://127.0.0.1:${port}${subject.path(document)}`;
  return { url, pid: child.pid, stop };
}

/**
 * Starts a program that is measured or measures. On a machine that does other things as well it
 * goes first, where the system lets it: by its own priority, and by that of its group.
 */
export function startFirst(program, args, env = {}) {
  const started = start(program, args, { env: { ...process.env, ...env }, quiet: true });
  const { pid } = started.child;
  const guard = afterwards('kill -s KILL -- "-$1" 2>/dev/null', String(pid));
  // Its number may be another's after that.
  started.ended.then(() => guard.kill("SIGKILL"));
  for (const raise of [
    () => setPriority(pid, -20),
    () => writeFileSync(`/proc/${pid}/autogroup`, "-20"),
  ]) {
    try {
      raise();
    } catch {
      // Then it waits its turn as everything does.
    }
  }
  return started;
}

async function untilListening(port, child) {
  const deadline = Date.now() + START_MS_MAX;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    if (await isListening(port)) return;
    await delay(20);
  }
  throw new Error(`nothing listens within ${START_MS_MAX} ms`);
}

function isListening(port) {
  return new Promise((resolve) => {
    const probe = connect(port, "127.0.0.1", () => resolve(true));
    probe.on("error", () => resolve(false)).on("connect", () => probe.destroy());
  });
}

/**
 * Runs a line of shell on `argument` when this process is gone, however it went: the standard input
 * of what waits for that is a pipe, which closes then.
 */
export function afterwards(script, argument) {
  const args = ["-c", `cat >/dev/null; ${script}`, "afterwards", argument];
  const guard = spawn("sh", args, { stdio: ["pipe", "ignore", "ignore"], detached: true });
  guard.unref();
  guard.stdin.unref();
  return guard;
}
