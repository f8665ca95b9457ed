// `npm start`: sets up what is missing, builds what has changed, and serves the demo, the client
// package and the sync endpoint on one port. Arguments go on to `wrangler dev`:
// `npm start -- --port 8790 --persist-to DIR`. Needs nothing but Node and Rust to begin with.

import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { build } from "./build.mjs";
import { setup } from "./setup.mjs";
import { Failure, command, root, say, seconds, start } from "./shell.mjs";
import { wrangler, wranglerEnvironment } from "./wrangler.mjs";

const HEALTHY_MS_MAX = 60_000;

await command(async () => {
  const began = Date.now();
  const given = process.argv.slice(2);
  const ip = valueOf(given, "--ip") ?? "127.0.0.1";
  const port = Number(valueOf(given, "--port") ?? 8787);
  await refuseTakenPort(ip, port);
  await setup();
  await build();

  const { ended } = serve(given);
  const url = `http://${ip}:${port}`;
  if (await Promise.race([healthy(url), ended.then(() => false)])) {
    say("whoever reaches this port here is an owner of every document; deployed, tokens say who is");
    say(`serving at ${url} after ${seconds(Date.now() - began)}; Ctrl-C ends it`);
  }
  throw new Failure(`wrangler ended with ${await ended}`, "See above why.");
});

function serve(given) {
  const args = [wrangler.script, "dev", "--local", "--ip", "127.0.0.1", "--inspector-port", "0"];
  args.push("--show-interactive-dev-session=false", "--var", "OPEN_ON_LOCALHOST:true");
  // So that people can be tried on: a page asks for tokens at /local/token.
  if (!existsSync(join(root, ".dev.vars"))) {
    args.push("--var", `TOKEN_SECRET:${randomBytes(32).toString("hex")}`);
  }
  args.push(...given);
  return start(wrangler.node, args, { env: wranglerEnvironment(join(root, ".wrangler")) });
}

/** Asks before the long work, not after it. */
async function refuseTakenPort(ip, port) {
  const probe = createServer();
  await new Promise((resolve, reject) => {
    probe.once("error", reject).listen(port, ip, resolve);
  }).catch((error) => {
    const advice = "Choose another: npm start -- --port 8790";
    throw new Failure(`cannot listen on ${ip} port ${port}: ${error.code}`, advice);
  });
  await new Promise((resolve) => probe.close(resolve));
}

/** The value of `--name value` or `--name=value`, the last one given. */
function valueOf(args, name) {
  const at = args.lastIndexOf(name);
  if (at >= 0) return args[at + 1];
  return args.findLast((arg) => arg.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** Whether the server answers, which it should within a minute. */
async function healthy(url) {
  const deadline = Date.now() + HEALTHY_MS_MAX;
  while (Date.now() < deadline) {
    const answer = await fetch(`${url}/healthz`).catch(() => undefined);
    if (answer?.ok) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}
