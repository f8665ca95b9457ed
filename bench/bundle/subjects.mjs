// What a page of each client loads, and our Worker. `files()` resolves to the bytes of each file.

import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../../tools/shell.mjs";
import { installedVersion, peers } from "../peers.mjs";
import { minified } from "./size.mjs";

const dist = join(root, "dist/selvedge");
const built = join(root, "build");

const versionIn = (folder) =>
  JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version;
const peerFile = (path) => readFile(join(peers, "node_modules", path));

/** The glue, minified as a page's bundler does, and the Wasm. */
export function ourClient() {
  const code = 'export * from "./selvedge.js"; export { default } from "./selvedge.js";';
  return Promise.all([minified(code, dist), readFile(join(dist, "selvedge_bg.wasm"))]);
}

function ourWorker() {
  return Promise.all(["index.js", "index_bg.wasm"].map((file) => readFile(join(built, file))));
}

/** Everything that one imports who uses them together. */
const YJS = `
  import { Doc } from "yjs";
  import { WebsocketProvider } from "y-websocket";
  const doc = new Doc();
  globalThis.opened = [doc.getText("t"), new WebsocketProvider("ws://host", "name", doc)];`;

/** A peer's package: the code that imports it, and its Wasm. */
function peer(title, name, code, ...wasm) {
  return {
    title,
    get version() {
      return installedVersion(name);
    },
    files: () => Promise.all([minified(code, peers), ...wasm.map(peerFile)]),
  };
}

export const subjects = {
  selvedge: {
    title: "Selvedge's client",
    get version() {
      return versionIn(dist);
    },
    files: ourClient,
  },
  "selvedge-worker": {
    title: "Selvedge's Worker",
    get version() {
      return versionIn(built);
    },
    files: ourWorker,
  },
  yjs: peer("yjs + y-websocket", "yjs", YJS),
  ywasm: peer("ywasm", "ywasm", 'export * from "ywasm";', "ywasm/ywasm_bg.wasm"),
  "loro-crdt": peer(
    "loro-crdt",
    "loro-crdt",
    'export * from "loro-crdt/web"; export { default } from "loro-crdt/web";',
    "loro-crdt/web/loro_wasm_bg.wasm",
  ),
  automerge: peer(
    "automerge",
    "@automerge/automerge",
    'export * from "@automerge/automerge/slim";',
    "@automerge/automerge/dist/automerge.wasm",
  ),
};
