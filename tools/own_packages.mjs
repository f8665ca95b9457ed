// Folders with a lock file of their own: what only few need, or in another version.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { run, step } from "./shell.mjs";

/** The version of a package that is installed in `folder`, or of the folder itself. */
export function versionIn(folder, name) {
  return packageOf(folder, "node_modules", name).version;
}

function packageOf(...path) {
  return JSON.parse(readFileSync(join(...path, "package.json"), "utf8"));
}

/** Installs what `folder` wants, unless it is there. `what` is it in a message, `advice` for failures. */
export async function installIn(folder, { what, advice }) {
  const wanted = packageOf(folder).dependencies;
  const isThere = ([name, version]) =>
    existsSync(join(folder, "node_modules", name)) && versionIn(folder, name) === version;
  if (Object.entries(wanted).every(isThere)) return;
  await step(`installing ${what}`, () =>
    run("npm", ["ci", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund"], {
      quiet: true,
      advice,
    }),
  );
}
