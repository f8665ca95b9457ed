// Finds valgrind for the suite that counts instructions, or brings it in.

import { Failure, Skip, output } from "./shell.mjs";
import { canInstall, inPath, install } from "./system.mjs";

/** The path of valgrind. Throws a `Skip` where it cannot be had: nothing else needs it. */
export async function valgrind() {
  let why = "install it (on Debian: apt-get install valgrind)";
  if (inPath("valgrind") === undefined && canInstall()) {
    await install("valgrind", ["valgrind"]).catch((error) => {
      if (!(error instanceof Failure)) throw error;
      why = error.message;
    });
  }
  const found = inPath("valgrind");
  if (found === undefined) throw new Skip(`valgrind is missing: ${why}`);
  if (output(found, ["--version"]) === undefined) throw new Skip("valgrind does not run here");
  return found;
}
