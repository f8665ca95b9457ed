// Which versions of the tools this clone wants, each read from the one file that decides it.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./shell.mjs";

/** The compilation target of both products. */
export const target = "wasm32-unknown-unknown";

const wasmBindgen = inCargoLock("wasm-bindgen");

/**
 * Tools that cargo installs. wasm-bindgen's program must be exactly the version of its library,
 * worker-build goes with the `worker` library, so both follow Cargo.lock.
 *
 * `locked: false` where the lock file that the tool ships names a package that not every mirror
 * of the registry has.
 */
export const cargoTools = [
  { name: "wasm-bindgen-cli", version: wasmBindgen, program: "wasm-bindgen", locked: false },
  { name: "worker-build", version: inCargoLock("worker"), program: "worker-build", locked: true },
  { name: "wasm-pack", version: "0.15.1", program: "wasm-pack", locked: true },
];

/** The version of a package in Cargo.lock. */
function inCargoLock(name) {
  const lock = readFileSync(join(root, "Cargo.lock"), "utf8");
  const found = lock.match(new RegExp(`^name = "${name}"\\nversion = "([^"]+)"`, "m"));
  if (!found) throw new Error(`Cargo.lock does not name ${name}`);
  return found[1];
}
