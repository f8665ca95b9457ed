// Compacts one generated log in this process. Its argument says by what, and which log:
// `{ by, wasm, keystrokes, inRow }`.

import { readFileSync } from "node:fs";
import * as Y from "yjs";
import { median } from "../statistics.mjs";

const WARM_ROUNDS = 5;

const { by, wasm, keystrokes, inRow } = JSON.parse(process.argv[2]);

/** A new instance of the core with the log in it. */
function core() {
  const module = new WebAssembly.Module(readFileSync(wasm));
  const imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    // Glue that yrs brings and that nothing here reaches.
    imports[from] ??= {};
    imports[from][name] = () => {};
  }
  const { exports } = new WebAssembly.Instance(module, imports);
  const rows = exports.generate(keystrokes, inRow);
  const shown = (at) => new Uint8Array(exports.memory.buffer, at, exports.length()).slice();
  const all = () => Array.from({ length: rows }, (_, index) => shown(exports.row(index)));
  return { exports, shown, rows: all };
}

function ours() {
  const { exports, shown, rows } = core();
  const grown = exports.memory.buffer.byteLength;
  return {
    compact: () => exports.compact(),
    document: () => shown(exports.document()),
    rows,
    megabytes: () => Math.round((exports.memory.buffer.byteLength - grown) / 2 ** 20),
  };
}

function yjs() {
  const rows = core().rows();
  let document;
  return {
    compact: () => (document = encoded(rows)),
    document: () => document,
    rows: () => rows,
  };
}

function encoded(rows) {
  const doc = new Y.Doc();
  doc.transact(() => rows.forEach((row) => Y.applyUpdate(doc, row)));
  return Y.encodeStateAsUpdate(doc);
}

function textOf(document) {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, document);
  return doc.getText("t").toString();
}

const { compact, document, rows, megabytes } = by === "selvedge" ? ours() : yjs();
const timed = () => {
  const began = performance.now();
  compact();
  return performance.now() - began;
};
const first = timed();
const warm = median(Array.from({ length: WARM_ROUNDS }, timed));
const result = document();
if (textOf(result) !== textOf(encoded(rows()))) throw new Error("the document says something else");
const figures = { first, warm, bytes: result.length, megabytes: megabytes?.() };
process.stdout.write(JSON.stringify(figures));
