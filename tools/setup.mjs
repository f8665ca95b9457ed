// Brings in what a build or a test needs and this machine lacks. Tools go into a folder of the
// user's that all clones share, so they are compiled once; npm packages go into the clone.

import { existsSync, readFileSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { Failure, environment, npmProgram, output, root, run, step } from "./shell.mjs";
import { cargoTools, target } from "./versions.mjs";

const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "selvedge");

/** The folder of a tool's programs. The version is in the path: clones may want different ones. */
function toolFolder({ name, version }) {
  return join(cache, `${name}-${version}`, "bin");
}

/** Makes sure that all tools of the build are there. Costs milliseconds when they are. */
export async function setup() {
  await wasmTarget();
  for (const tool of cargoTools) await cargoTool(tool);
  await npmPackages();
}

/**
 * The environment in which the build's tools find each other. Without the three overrides
 * worker-build would download programs of its own, and silently do so if one did not resolve.
 */
export function toolEnvironment(more = {}) {
  const overrides = {
    WASM_BINDGEN_BIN: join(toolFolder(cargoTools[0]), "wasm-bindgen"),
    WASM_OPT_BIN: npmProgram("wasm-opt"),
    ESBUILD_BIN: npmProgram("esbuild"),
  };
  for (const path of Object.values(overrides)) {
    if (!existsSync(path)) throw new Failure(`${path} is missing`, "Run `npm ci`, then try again.");
  }
  const folders = [...cargoTools.map(toolFolder), join(root, "node_modules/.bin")];
  return environment(folders, { ...overrides, ...more });
}

async function wasmTarget() {
  const sysroot = output("rustc", ["--print", "sysroot"]);
  if (!sysroot) throw new Failure("Rust is missing", "Install it with rustup: https://rustup.rs");
  if (existsSync(join(sysroot, "lib/rustlib", target))) return;
  await step(`adding Rust's target ${target}`, () =>
    run("rustup", ["target", "add", target], {
      advice: `Add the target ${target} to this Rust by hand, then try again.`,
    }),
  );
}

async function cargoTool(tool) {
  const { name, version, program, locked } = tool;
  if (existsSync(join(toolFolder(tool), program))) return;
  const building = join(cache, `building-${process.pid}`);
  const args = ["install", name, "--version", `=${version}`];
  args.push("--root", join(toolFolder(tool), ".."), ...(locked ? ["--locked"] : []));
  await step(`compiling ${name} ${version} into ${cache} (once, a few minutes)`, () =>
    run("cargo", args, {
      env: environment([], { CARGO_TARGET_DIR: building }),
      quiet: true,
      advice: `See above why cargo could not install ${name}: it needs a C compiler and crates.io.`,
    }),
  ).finally(() => rmSync(building, { recursive: true, force: true }));
}

/** Installs the packages of package-lock.json unless exactly these are there. */
async function npmPackages() {
  if (packagesAreCurrent()) return;
  await step("installing npm packages", () =>
    run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel", "error"], {
      quiet: true,
      advice: "See above why npm could not install; the npm registry is needed.",
    }),
  );
  if (!output(npmProgram("node"), ["--version"])) {
    throw new Failure(
      "npm did not install the package `node`, which brings the Node that wrangler needs",
      "Let npm run install scripts (`npm config get ignore-scripts` should say false).",
    );
  }
}

function packagesAreCurrent() {
  const installed = packagesOf("node_modules/.package-lock.json");
  const wanted = packagesOf("package-lock.json");
  return Object.entries(wanted).every(
    ([path, { version, optional }]) =>
      path === "" || optional || installed[path]?.version === version,
  );
}

function packagesOf(file) {
  const path = join(root, file);
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")).packages : {};
}
