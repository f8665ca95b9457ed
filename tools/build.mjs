// Builds the Worker into build/ and the site (demo, examples and client package) into dist/. Each
// part is built only if what it is made of has changed since the last time. `npm run build`.

import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { Failure, command, root, run, step } from "./shell.mjs";
import { buildExamples, examples } from "./examples.mjs";
import { ADAPTERS, adapters, buildAdapters, manifest } from "./package.mjs";
import { setup, toolEnvironment } from "./setup.mjs";

const stamps = join(root, "target/selvedge");
const clientPackage = join(root, "target/selvedge/client");
const packages = ["package-lock.json", "tools/build.mjs"];
const crate = ["src", "Cargo.toml", "Cargo.lock", ...packages];

/** Builds what is out of date. Setup must have run. */
export async function build() {
  fs.mkdirSync(stamps, { recursive: true });
  const unlock = await lock(join(stamps, "lock"));
  try {
    const isOfClient = /^src\/client/;
    await unlessCurrent("worker", join(root, "build/index.js"), crate, isOfClient, worker);
    embedSchemas();
    const isOther = new RegExp(`^src/worker|^${ADAPTERS}`);
    await unlessCurrent("client", join(clientPackage, "selvedge.js"), crate, isOther, client);
    // Their types are checked against the client's.
    const adapted = [ADAPTERS, "src/client/selvedge.d.ts", "tools/package.mjs", ...packages];
    await unlessCurrent("adapters", adapters, adapted, /^$/, buildAdapters);
    const shown = [ADAPTERS, "www/examples", "tools/examples.mjs", ...packages];
    await unlessCurrent("examples", examples, shown, /^$/, buildExamples);
    await site();
  } finally {
    unlock();
  }
}

function worker() {
  return step("building the Worker into build/ (minutes the first time)", () =>
    run("worker-build", ["--release", "--features", "worker"], {
      env: toolEnvironment(),
      quiet: true,
    }),
  );
}

const SCHEMAS = "globalThis.selvedgeSchemas = ";

/** Puts what is in schemas/ into the Worker's script, as the text that it is. */
function embedSchemas() {
  const folder = join(root, "schemas");
  const files = fs.existsSync(folder) ? fs.readdirSync(folder).sort() : [];
  const all = files.filter((file) => file.endsWith(".json")).map((file) => {
    const text = fs.readFileSync(join(folder, file), "utf8");
    const { documents, schema } = parsed(file, text);
    if (!Array.isArray(documents) || !schema) {
      const advice = 'It is { "documents": ["pattern", …], "schema": { … } }, see docs/schemas.md.';
      throw new Failure(`schemas/${file} says not which documents it is for, or what holds`, advice);
    }
    return { file, documents, schema: schemaText(text) };
  });
  const script = join(root, "build/index.js");
  const lines = fs.readFileSync(script, "utf8").split("\n");
  const without = lines.filter((line) => !line.startsWith(SCHEMAS));
  const line = `${SCHEMAS}${JSON.stringify(JSON.stringify(all))};`;
  const now = all.length > 0 ? [line, ...without] : without;
  // Only what differs is written: wrangler serves anew when the script changes.
  if (now.join("\n") !== lines.join("\n")) fs.writeFileSync(script, now.join("\n"));
}

function parsed(file, text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Failure(`schemas/${file} is no JSON`, error.message);
  }
}

/** The schema as it is written, so that the room finds keys that are said twice. */
function schemaText(text) {
  const from = /"schema"\s*:\s*(?=\{)/.exec(text);
  for (let end = text.lastIndexOf("}"); end > 0; end = text.lastIndexOf("}", end - 1)) {
    const candidate = text.slice(from.index + from[0].length, end);
    try {
      JSON.parse(candidate);
      return candidate.trim();
    } catch {
      // It ends before what belongs to the file.
    }
  }
  return "";
}

/** The profile `client` in Cargo.toml optimizes for size, and has a target folder of its own. */
async function client() {
  const args = ["build", "--mode", "no-install", "--target", "web", "--profile", "client"];
  args.push("--out-dir", clientPackage, "--out-name", "selvedge");
  // Without what only rooms need: it would not be in it, but would be compiled.
  args.push("--", "--no-default-features", "--features", "client");
  // Those of an earlier build would be in the package as well.
  fs.rmSync(join(clientPackage, "snippets"), { recursive: true, force: true });
  await step("building the client into dist/selvedge/ (minutes the first time)", () =>
    run("wasm-pack", args, { env: toolEnvironment(), quiet: true }),
  );
  // wasm-bindgen lists its raw exports, mostly as `any`. They are nobody's to use.
  const types = join(clientPackage, "selvedge.d.ts");
  const raw = /(export interface InitOutput \{\n)[^}]*\}/;
  const declared = fs.readFileSync(types, "utf8");
  fs.writeFileSync(types, declared.replace(raw, "$1    readonly memory: WebAssembly.Memory;\n}"));
}

/**
 * dist/ is www/, the client package in dist/selvedge/, the examples as they are bundled, and what the
 * dashboard draws plots with.
 */
async function site() {
  const files = await plots();
  const add = (file, from) => files.set(file, fs.readFileSync(from));
  for (const file of filesIn(join(root, "www"))) {
    if (!/^examples\/.*\.jsx?$/.test(file)) add(file, join(root, "www", file));
  }
  for (const file of filesIn(examples)) add(`examples/${file}`, join(examples, file));
  for (const folder of [clientPackage, adapters]) {
    for (const file of filesIn(folder)) {
      if (/\.(js|wasm|d\.ts)$/.test(file)) add(`selvedge/${file}`, join(folder, file));
    }
  }
  for (const licence of ["LICENSE-APACHE", "LICENSE-MIT"]) {
    add(`selvedge/${licence}`, join(root, licence));
  }
  files.set("selvedge/package.json", Buffer.from(manifest(clientPackage)));
  const dist = join(root, "dist");
  for (const file of filesIn(dist)) {
    if (!files.has(file)) fs.rmSync(join(dist, file));
  }
  for (const [file, bytes] of files) {
    const to = join(dist, file);
    // Only what differs is written: whoever serves dist/ reloads when a file there changes.
    if (fs.existsSync(to) && fs.readFileSync(to).equals(bytes)) continue;
    fs.mkdirSync(dirname(to), { recursive: true });
    fs.writeFileSync(to, bytes);
  }
}

/** uPlot as one module without its spaces, its style, and its licence, which goes with copies. */
async function plots() {
  // Setup may have only just brought it.
  const { transformSync } = await import("esbuild");
  const from = (file) => fs.readFileSync(join(root, "node_modules/uplot", file));
  const banner = "// uPlot, see uplot.license.txt";
  const source = from("dist/uPlot.esm.js").toString();
  const { code } = transformSync(source, { minify: true, format: "esm", banner });
  return new Map([
    ["admin/uplot.js", Buffer.from(code)],
    ["admin/uplot.css", from("dist/uPlot.min.css")],
    ["admin/uplot.license.txt", from("LICENSE")],
  ]);
}

/**
 * Does `work`, which makes `product`, unless that was made from exactly the present `sources`, less
 * those that `other` matches.
 */
async function unlessCurrent(name, product, sources, other, work) {
  const stamp = join(stamps, `${name}.stamp`);
  const now = fingerprint(sources, other);
  const then = fs.existsSync(stamp) ? fs.readFileSync(stamp, "utf8") : "";
  if (then === now && fs.existsSync(product)) return;
  fs.rmSync(stamp, { force: true });
  await work();
  fs.writeFileSync(stamp, now);
}

/** A hash of all `sources` but those that `other` matches. */
function fingerprint(sources, other) {
  const hash = createHash("sha256");
  for (const source of sources) {
    const isFolder = fs.statSync(join(root, source)).isDirectory();
    const inside = isFolder ? filesIn(join(root, source)) : [""];
    for (const file of inside.map((name) => join(source, name))) {
      if (other.test(file)) continue;
      const bytes = fs.readFileSync(join(root, file));
      hash.update(`${file} ${bytes.length}\n`).update(bytes);
    }
  }
  return hash.digest("hex");
}

/** The files under a folder, as sorted relative paths; none if there is no such folder. */
function filesIn(folder) {
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder, { recursive: true })
    .filter((file) => fs.statSync(join(folder, file)).isFile())
    .sort();
}

/** Waits for another build of this clone; two at once would write the same files. */
async function lock(path) {
  for (;;) {
    try {
      fs.writeFileSync(path, String(process.pid), { flag: "wx" });
      return () => fs.rmSync(path, { force: true });
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    if (!isAlive(Number(fs.readFileSync(path, "utf8")))) fs.rmSync(path, { force: true });
    else await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  // Wrangler runs this too, before it serves. A test that serves what is built says skip.
  if (process.env.SELVEDGE_BUILD !== "skip") {
    await command(async () => {
      await setup();
      await build();
    });
  }
}
