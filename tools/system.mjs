// Programs of the system: where they are, and bringing them in where that is possible.

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { environment, run, step } from "./shell.mjs";

/** Where PATH has a program; undefined if it has not. */
export function inPath(program) {
  const paths = (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, program));
  return paths.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Whether [`install`] can do anything here. */
export function canInstall() {
  return process.getuid?.() === 0 && inPath("apt-get") !== undefined;
}

/** Installs packages of the system; `what` says it in words. */
export function install(what, packages) {
  const env = environment([], { DEBIAN_FRONTEND: "noninteractive" });
  return step(`installing ${what} with apt-get`, async () => {
    await run("apt-get", ["update"], { env, quiet: true });
    await run("apt-get", ["install", "--yes", "--no-install-recommends", ...packages], {
      env,
      quiet: true,
    });
  });
}
