// Runs the product for a test: the built Worker under `wrangler dev`, on a free port of loopback.
//
//   const server = await startServer();             // { url, port, persistTo, pid, … }
//   await server.kill();                            // kill -9 of wrangler and workerd: a crash
//   const again = await startServer({ port: server.port, persistTo: server.persistTo });
//   await again.stop();                             // an orderly end; own folders are removed
//
// Whatever happens to the test process, the servers and folders that it made go with it.

import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { root } from "../tools/shell.mjs";
import { wrangler, wranglerEnvironment } from "../tools/wrangler.mjs";

const START_MS_MAX = 60_000;
const STOP_MS_MAX = 5_000;

/**
 * Starts the built Worker and waits until it answers.
 *
 * - `port`: to bind; by default a free one.
 * - `persistTo`: the folder of the rooms' databases, kept when the server ends. By default a new
 *   one, removed by `stop`, but kept by `kill`, so that a next server can start on what a crash
 *   left; it goes with the test process.
 * - `env`: more environment variables for wrangler.
 * - `vars`: settings of the Worker that differ from `wrangler.toml`.
 * - `configure`: gets the text of `wrangler.toml` and returns another one to serve by.
 *
 * Resolves to `{ url, port, persistTo, pid, output, kill, stop }`: `pid` is that of the workerd
 * that runs the rooms, `output()` is all that wrangler printed, `kill(signal = "SIGKILL")` ends
 * wrangler and workerd in one blow, `stop()` ends them in order.
 */
export async function startServer({ port, persistTo, env = {}, vars = {}, configure } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "selvedge-test-"));
  const server = {
    port: port ?? (await freePort()),
    persistTo: persistTo ?? join(folder, "state"),
    kill,
    stop,
    output: () => printed,
  };
  server.url = `http://127.0.0.1:${server.port}`;

  // Beside wrangler.toml, since the paths in it are relative.
  const config = configure && join(root, `wrangler.test-${server.port}.toml`);
  if (config) await writeFile(config, configure(await readFile(join(root, "wrangler.toml"), "utf8")));

  let printed = "";
  const child = spawnWrangler(server, folder, env, vars, config);
  const guard = guardGroup(child.pid, folder);
  const ended = new Promise((resolve) => child.once("close", resolve));
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => (printed += text));
  }

  async function kill(signal = "SIGKILL") {
    signalGroup(child.pid, signal);
    await ended;
    signalGroup(child.pid, "SIGKILL");
    guard.stdin.write("ended");
  }

  async function stop() {
    signalGroup(child.pid, "SIGTERM");
    await Promise.race([ended, delay(STOP_MS_MAX, undefined, { ref: false })]);
    await kill();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    if (config) await rm(config, { force: true });
    guard.kill("SIGKILL");
  }

  try {
    await untilHealthy(server.url, child);
    server.pid = workerdOf(child.pid, server.port);
  } catch (error) {
    await stop();
    throw new Error(`the server did not start: ${error.message}\n${printed}`);
  }
  return server;
}

/** A port of loopback that nothing listens on now. */
export async function freePort() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

function spawnWrangler(server, folder, env, vars, config) {
  const { node, script } = wrangler;
  const args = [script, "dev", "--local", "--ip", "127.0.0.1", "--port", String(server.port)];
  args.push("--inspector-port", "0", "--persist-to", server.persistTo);
  args.push("--show-interactive-dev-session=false", "--log-level", "info");
  if (config) args.push("--config", config);
  for (const [name, value] of Object.entries({ OPEN_ON_LOCALHOST: true, ...vars })) args.push("--var", `${name}:${value}`);
  return spawn(node, args, {
    cwd: root,
    // A group of its own, so that a signal reaches workerd too.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: wranglerEnvironment(folder, {
      CI: "1",
      TMPDIR: folder,
      // Serve what is built: a test must not start to build, nor change under a test.
      SELVEDGE_BUILD: "skip",
      ...env,
    }),
  });
}

/**
 * Ends the group and removes its folder when this process is gone, however it went. What is
 * written to its standard input says that the group has ended before, and its number may be
 * another's by now.
 */
function guardGroup(pid, folder) {
  const script =
    '[ -n "$(cat)" ] || kill -s KILL -- "-$1" 2>/dev/null; sleep 1; rm -rf -- "$2"';
  const guard = spawn("sh", ["-c", script, "guard", String(pid), folder], {
    // Its standard input is a pipe from this process: it closes when this process ends.
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  guard.stdin.on("error", () => {});
  guard.unref();
  guard.stdin.unref();
  return guard;
}

function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}

async function untilHealthy(url, child) {
  const deadline = Date.now() + START_MS_MAX;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`wrangler ended with ${child.exitCode}`);
    const answer = await fetch(`${url}/healthz`).catch(() => undefined);
    if (answer?.status === 200) return;
    await delay(50);
  }
  throw new Error(`no answer from ${url}/healthz within ${START_MS_MAX} ms`);
}

/** The workerd of `group` that runs the rooms; the other one of wrangler's two owns the port. */
function workerdOf(group, port) {
  const { stdout } = spawnSync("ps", ["-A", "-ww", "-o", "pid=,pgid=,args="], { encoding: "utf8" });
  for (const line of stdout.split("\n")) {
    const [pid, pgid, command, ...args] = line.trim().split(/\s+/);
    if (Number(pgid) !== group || !command?.endsWith("/workerd")) continue;
    if (!args.includes(`--socket-addr=entry=127.0.0.1:${port}`)) return Number(pid);
  }
  throw new Error("wrangler runs, but not workerd");
}
