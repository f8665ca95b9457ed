// Bundles the pages of www/examples/. They import the client and its adapters by the names that an
// app would; the client itself is the site's own, so that all of them share it.

import * as fs from "node:fs";
import { join } from "node:path";
import { adapters } from "./package.mjs";
import { root, step } from "./shell.mjs";

const sources = join(root, "www/examples");

/** Where the bundles lie: a folder for each example, and what several share. */
export const examples = join(root, "target/selvedge/examples");

const CLIENT = "/selvedge/selvedge.js";

/**
 * How the client is found from anywhere. It is not bundled: the page loads it from the site, as all
 * others do.
 */
export const theClient = {
  name: "the client",
  setup({ onResolve }) {
    onResolve({ filter: /^selvedge$|^\.\/selvedge\.js$/ }, () => ({ path: CLIENT, external: true }));
    onResolve({ filter: /^selvedge\// }, ({ path }) => ({
      path: join(adapters, `${path.slice("selvedge/".length)}.js`),
    }));
  },
};

export async function buildExamples() {
  // Setup may have only just brought it.
  const { build } = await import("esbuild");
  const folders = fs.readdirSync(sources, { withFileTypes: true }).filter((it) => it.isDirectory());
  const scripts = folders.flatMap(({ name }) =>
    fs.readdirSync(join(sources, name)).filter((file) => /^main\.jsx?$/.test(file))
      .map((file) => join(sources, name, file)),
  );
  fs.rmSync(examples, { recursive: true, force: true });
  await step("bundling the examples", () =>
    build({
      entryPoints: scripts,
      outdir: examples,
      outbase: sources,
      bundle: true,
      splitting: true,
      format: "esm",
      target: "es2022",
      minify: true,
      legalComments: "linked",
      jsx: "automatic",
      define: { "process.env.NODE_ENV": '"production"' },
      // One copy of each: the adapters lie where there are no packages beside them.
      nodePaths: [join(root, "node_modules")],
      logLevel: "warning",
      // y-monaco asks for it where older versions had it.
      alias: { "monaco-editor/esm/vs/editor/editor.api.js": "monaco-editor/editor.js" },
      // Icons of menus, which nothing here shows.
      loader: { ".ttf": "empty" },
      plugins: [theClient],
    }),
  );
}
