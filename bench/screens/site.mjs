// A site on loopback with one page and one client in it.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { build } from "esbuild";
import { root } from "../../tools/shell.mjs";

const own = import.meta.dirname;
const types = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };

/** Serves the page with `client`, the name of a script beside this one: `{ url, stop() }`. */
export async function serveSite(client) {
  const script = await clientScript(client);
  const server = createServer(async ({ url }, response) => {
    const path = new URL(url, "http://site").pathname;
    try {
      const body = path === "/client.js" ? script : await readFile(fileOf(path));
      const type = types[extname(path) || ".html"];
      response.writeHead(200, { "content-type": type }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${server.address().port}`, stop };
}

function fileOf(path) {
  const inPackage = path.match(/^\/selvedge\/((?:selvedge|snippets\/)[\w./-]*)$/);
  return inPackage ? join(root, "dist/selvedge", inPackage[1]) : join(own, "page.html");
}

/** Our package stays as it is, beside the script. */
async function clientScript(client) {
  const { outputFiles } = await build({
    entryPoints: [join(own, `${client}.js`)],
    bundle: true,
    format: "esm",
    target: "es2022",
    external: ["./selvedge/selvedge.js"],
    logLevel: "error",
    write: false,
  });
  return outputFiles[0].contents;
}
