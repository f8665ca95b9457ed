// The npm package as an app gets it: packed, installed, bundled by what apps are bundled with, and
// opened in Chromium. tests/worker/package.test.mjs has it in Node.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import test, { after, before } from "node:test";
import { promisify } from "node:util";
import { root } from "../../tools/shell.mjs";
import { assertQuiet, leave, newDocument, startDemo, until } from "./page.mjs";

const run = promisify(execFile);
const site = await startDemo();
const STRICT =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' ws:";
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };

let app;
let installed;
const servers = [];

before(async () => {
  app = await mkdtemp(join(tmpdir(), "selvedge-app-"));
  installed = join(app, "node_modules/selvedge");
  await writeFile(join(app, "package.json"), '{ "type": "module", "private": true }');
  const packing = ["pack", join(root, "dist/selvedge"), "--pack-destination", app, "--json"];
  const packed = JSON.parse((await run("npm", packing)).stdout);
  const [{ filename }] = Array.isArray(packed) ? packed : Object.values(packed);
  // It needs nothing but itself.
  const installing = ["install", "--offline", "--no-audit", "--no-fund", `./${filename}`];
  await run("npm", installing, { cwd: app });
  const { page, script } = await theApp();
  await writeFile(join(app, "index.html"), page);
  await writeFile(join(app, "main.js"), script);
});

after(async () => {
  await Promise.all(servers.map((server) => new Promise((ended) => {
    server.close(ended);
    server.closeAllConnections();
  })));
  await rm(app, { recursive: true, force: true });
  await site.end();
});

/** The app of docs/packages.md, for the server of this test and the document in the address. */
async function theApp() {
  const guide = await readFile(join(root, "docs/packages.md"), "utf8");
  const [, page] = /```html\n([^]*?)```/.exec(guide);
  const [, shown] = /```javascript\n([^]*?)```/.exec(guide);
  const script = shown
    .replace('"https://selvedge.example.workers.dev"', JSON.stringify(site.server.url))
    .replace('"plan"', 'new URLSearchParams(location.search).get("doc")');
  assert.ok(script.includes(site.server.url) && script.includes("location.search"));
  return { page, script };
}

/** Each makes a folder that can be served, of the app in `app`. */
const BUNDLERS = {
  async vite(outDir) {
    const { build } = await import("vite");
    const made = { outDir, emptyOutDir: true };
    await build({ root: app, configFile: false, logLevel: "warn", build: made });
  },
  async webpack(path) {
    const { default: webpack } = await import("webpack");
    const entry = join(app, "main.js");
    const output = { path, filename: "main.js", module: true };
    const experiments = { outputModule: true };
    const options = { mode: "production", context: app, entry, output, experiments };
    // The Wasm is as large as it is.
    const stats = await promisify(webpack)({ ...options, performance: false });
    assert.deepEqual(stats.toJson({ all: false, errors: true, warnings: true }).errors, []);
    await cp(join(app, "index.html"), join(path, "index.html"));
  },
  async esbuild(outdir) {
    const { build } = await import("esbuild");
    const entryPoints = [join(app, "main.js")];
    await build({ entryPoints, outdir, bundle: true, format: "esm", logLevel: "warning" });
    await cp(join(installed, "selvedge_bg.wasm"), join(outdir, "selvedge_bg.wasm"));
    await cp(join(app, "index.html"), join(outdir, "index.html"));
  },
  async nothing(folder) {
    const script = await readFile(join(app, "main.js"), "utf8");
    const plain = script
      .replace('from "selvedge"', 'from "./selvedge/selvedge.js"')
      .replace('from "selvedge/textarea"', 'from "./selvedge/textarea.js"');
    await mkdir(folder);
    await writeFile(join(folder, "main.js"), plain);
    await cp(installed, join(folder, "selvedge"), { recursive: true });
    await cp(join(app, "index.html"), join(folder, "index.html"));
  },
};

/** Serves a folder as it is, and lets its pages do what the strictest policy lets them. */
async function serve(folder) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const file = join(folder, pathname === "/" ? "index.html" : pathname);
    const bytes = await readFile(file).catch(() => undefined);
    const headers = { "content-security-policy": STRICT };
    if (bytes) headers["content-type"] = TYPES[extname(file)] ?? "application/octet-stream";
    // What the browser asks for by itself.
    response.writeHead(bytes ? 200 : pathname === "/favicon.ico" ? 204 : 404, headers).end(bytes);
  });
  servers.push(server);
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return `http://127.0.0.1:${server.address().port}`;
}

for (const [bundler, bundle] of Object.entries(BUNDLERS)) {
  test(`v1: the app of the docs works bundled by ${bundler}, under a strict policy`, async () => {
    const folder = join(app, `dist-${bundler}`);
    await bundle(folder);
    const url = await serve(folder);
    const document = newDocument(bundler);
    const pages = [];
    for (let person = 0; person < 2; person += 1) {
      const page = await site.open();
      await page.goto(`${url}/?${new URLSearchParams({ doc: document })}`);
      pages.push(page);
    }
    const [ada, bo] = pages.map((page) => page.locator("textarea"));
    await ada.pressSequentially("from Ada 🧵");
    await until("Bo has it", async () => (await bo.inputValue()) === "from Ada 🧵");
    await bo.press("Control+End");
    await bo.pressSequentially(", from Bo");
    await until("Ada has it", async () => (await ada.inputValue()) === "from Ada 🧵, from Bo");
    assertQuiet(pages);
    await leave(...pages);
  });
}

/** Opens a document where the page tells it to, and says what became of it. */
const WORKER = `
  import init, { connect } from "./selvedge/selvedge.js";
  async function answer({ data, ports: [port] }) {
    await init();
    const doc = connect(data);
    const note = doc.text("note");
    note.insert(0, "by a " + data.presence.name + " worker");
    await doc.whenSaved();
    port.postMessage({ note: note.toString(), storage: doc.storage.state });
  }
  self.addEventListener("message", (event) => {
    const done = answer(event);
    event.waitUntil?.(done);
  });
  self.addEventListener("connect", ({ ports: [port] }) => (port.onmessage = answer));
`;

const WORKERS = {
  dedicated: () => new Worker("/worker.js", { type: "module" }),
  shared: () => new SharedWorker("/worker.js", { type: "module" }).port,
  service: async () => {
    await navigator.serviceWorker.register("/worker.js", { type: "module" });
    return (await navigator.serviceWorker.ready).active;
  },
};

test("v1: it works in dedicated, shared and service workers", async () => {
  const folder = join(app, "workers");
  await mkdir(folder);
  await cp(installed, join(folder, "selvedge"), { recursive: true });
  await writeFile(join(folder, "index.html"), "<!doctype html><title>workers</title>");
  await writeFile(join(folder, "worker.js"), WORKER);
  const url = await serve(folder);
  for (const [kind, start] of Object.entries(WORKERS)) {
    const page = await site.open();
    await page.goto(url);
    const document = newDocument(kind);
    const options = { url: site.server.url, document, presence: { name: kind } };
    const told = await page.evaluate(`(async () => {
      const worker = await (${start})();
      const { port1, port2 } = new MessageChannel();
      const told = new Promise((resolve) => (port1.onmessage = ({ data }) => resolve(data)));
      worker.postMessage(${JSON.stringify(options)}, [port2]);
      return told;
    })()`);
    assert.deepEqual(told, { note: `by a ${kind} worker`, storage: "kept" });
    assertQuiet([page]);
    await leave(page);
  }
});
