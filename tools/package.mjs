// The npm package: what wasm-pack made of the client, the adapters in TypeScript, and a manifest that
// says what can be imported.

import * as fs from "node:fs";
import { join } from "node:path";
import { toolEnvironment } from "./setup.mjs";
import { npmProgram, root, run, step } from "./shell.mjs";

/** Where the adapters' sources are, and what they are compiled into. */
export const ADAPTERS = "src/client/adapters";
export const adapters = join(root, "target/selvedge/adapters");

/** What can be imported beside the client itself, and what each needs of the page. */
const ENTRIES = {
  yjs: ["yjs", "y-protocols"],
  textarea: [],
  codemirror: ["@codemirror/state", "@codemirror/view"],
  react: ["react"],
};

/** The oldest versions that the adapters work with. */
const PEERS = {
  "@codemirror/state": "^6.0.0",
  "@codemirror/view": "^6.0.0",
  react: ">=18",
  "y-protocols": "^1.0.5",
  yjs: "^13.5.6",
};

/** Compiles the adapters, with types that TypeScript made and checked. */
export async function buildAdapters() {
  fs.rmSync(adapters, { recursive: true, force: true });
  await step("compiling the adapters for editors and frameworks", () =>
    run(npmProgram("tsc"), ["--project", ADAPTERS], { env: toolEnvironment(), quiet: true }),
  );
}

/** The text of the package's package.json, from the one that wasm-pack wrote into `folder`. */
export function manifest(folder) {
  const made = JSON.parse(fs.readFileSync(join(folder, "package.json"), "utf8"));
  const entry = (name) => ({ types: `./${name}.d.ts`, default: `./${name}.js` });
  const entries = Object.keys(ENTRIES).map((name) => [`./${name}`, entry(name)]);
  const needed = [...new Set(Object.values(ENTRIES).flat())].sort();
  return `${JSON.stringify(
    {
      ...made,
      files: ["*.js", "*.d.ts", "*.wasm", "snippets", "LICENSE-*"],
      exports: {
        ".": entry("selvedge"),
        ...Object.fromEntries(entries),
        "./selvedge_bg.wasm": "./selvedge_bg.wasm",
        "./package.json": "./package.json",
      },
      peerDependencies: Object.fromEntries(needed.map((name) => [name, PEERS[name]])),
      peerDependenciesMeta: Object.fromEntries(needed.map((name) => [name, { optional: true }])),
      sideEffects: false,
    },
    null,
    2,
  )}\n`;
}
