// The peers' packages: a lock file of their own, and installed only when somebody measures.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { run, step } from "../tools/shell.mjs";

export const peers = import.meta.dirname;

export function installedVersion(name) {
  return packageOf("node_modules", name).version;
}

function packageOf(...path) {
  return JSON.parse(readFileSync(join(peers, ...path, "package.json"), "utf8"));
}

export async function installPeers() {
  const wanted = packageOf().dependencies;
  const isThere = ([name, version]) =>
    existsSync(join(peers, "node_modules", name)) && installedVersion(name) === version;
  if (Object.entries(wanted).every(isThere)) return;
  await step("installing the peers' packages", () =>
    run("npm", ["ci", "--prefix", peers, "--ignore-scripts", "--no-audit", "--no-fund"], {
      quiet: true,
      advice: "Measuring peers needs the network once.",
    }),
  );
}
