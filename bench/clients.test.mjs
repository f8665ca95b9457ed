// What the measures of clients compute by themselves, without any package of a peer.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { lines, verdict } from "./bundle/check.mjs";
import { sizeOf } from "./bundle/size.mjs";
import { pack, unpack } from "./client/packed.mjs";
import { generated, trace, traceNote } from "./client/trace.mjs";
import { table } from "./report.mjs";
import { quantiles } from "./screens/measure.mjs";

test("the size of several files is that of each by itself", () => {
  const file = Buffer.alloc(10_000, "selvedge ");
  const [one, two] = [sizeOf([file]), sizeOf([file, file])];
  assert.equal(one.raw, 10_000);
  assert.ok(one.brotli < one.gzip && one.gzip < 200);
  for (const name of Object.keys(one)) assert.equal(two[name], 2 * one[name]);
});

test("a client that grew by more than three percent is found", () => {
  const before = { raw: 1_000, gzip: 500, brotli: 400 };
  assert.equal(verdict(before, { ...before, raw: 2_000, brotli: 412 }), undefined);
  assert.match(verdict(before, { ...before, brotli: 414 }), /grew by 3.5 %, to 414 bytes/);
  assert.deepEqual(lines(before, { raw: 1_100, gzip: 500, brotli: 300 }), [
    "the client, raw: 1,100 bytes (+10.0 %)",
    "the client, gzip: 500 bytes (+0.0 %)",
    "the client, brotli: 300 bytes (-25.0 %)",
  ]);
});

test("a table of clients is silent on durability, one of exact figures has no spread", () => {
  const result = {
    subjects: [
      { name: "a", title: "A", version: "1", repetitions: [{ raw: 2_000 }] },
      { name: "b", title: "B", version: "2", repetitions: [{ raw: 1_000 }] },
    ],
  };
  assert.deepEqual(table({ figures: { raw: "bytes" }, isExact: true }, result).split("\n"), [
    "| client | bytes |",
    "|-|-:|",
    "| A 1 | 2,000, ×1 |",
    "| B 2 | 1,000, ×0.5 |",
  ]);
});

test("a generated trace is the same in every run, and ends as its edits say", () => {
  const { edits, end } = generated(5_000);
  assert.deepEqual(generated(5_000).edits, edits);
  assert.ok(edits.length >= 5_000 && edits.length < 5_100);
  let text = "";
  for (const [at, deleted, inserted] of edits) {
    assert.ok(deleted + inserted.length === 1 && at + deleted <= text.length);
    text = text.slice(0, at) + inserted + text.slice(at + deleted);
  }
  assert.equal(text, end);
  const deletions = edits.filter(([, deleted]) => deleted > 0).length;
  assert.ok(deletions > edits.length / 5 && deletions < edits.length / 3, `${deletions}`);
});

test("a recorded trace begins empty, and one of several authors is refused", () => {
  const folder = mkdtempSync(join(tmpdir(), "selvedge-bench-"));
  const file = join(folder, "one.json.gz");
  const txns = [{ patches: [[2, 0, "c"]] }, { patches: [[0, 1, ""]] }];
  const write = (more) => {
    const recording = { startContent: "ab", endContent: "bc", txns, ...more };
    writeFileSync(file, gzipSync(JSON.stringify(recording)));
  };
  try {
    write();
    const { name, edits, end } = trace({ file });
    assert.deepEqual([name, end], ["the recording one", "bc"]);
    assert.deepEqual(edits, [[0, 0, "ab"], [2, 0, "c"], [0, 1, ""]]);
    assert.equal(traceNote(trace({ file })), "The keystrokes are the recording one: 3 edits.");
    write({ numAgents: 2 });
    assert.throws(() => trace({ file }), /2 authors/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("byte strings come out of a file as they were put in", () => {
  const strings = [[1, 2, 3], [], [4]].map((bytes) => Uint8Array.from(bytes));
  assert.deepEqual(unpack(pack(strings)), strings);
});

test("a letter's way is from its key to the frame that has it", () => {
  const typed = Array.from({ length: 100 }, (_, letter) => 1_000 + letter);
  const shown = typed.map((at, letter) => at + letter + 1);
  assert.deepEqual(quantiles(typed, shown), { p50: 50, p95: 95, p99: 99 });
});
