// What the benchmarks compute and read by themselves, without any server or package of a peer.

import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { Doc, applyUpdate, encodeStateAsUpdate } from "yjs";
import { aims, aimsOf } from "./aims.mjs";
import { clientMeasures } from "./clients.mjs";
import { documentOf } from "./document.mjs";
import { short } from "./format.mjs";
import { eachPosition, position } from "./load/cursors.mjs";
import { dialect } from "./load/dialect.mjs";
import { eachRun, keystroke, scattered } from "./load/edits.mjs";
import { varUint } from "./load/lib0.mjs";
import { Senders } from "./load/pace.mjs";
import { FrameReader, encodeFrame } from "./load/frame.mjs";
import { measures } from "./measures.mjs";
import { Steps } from "./measures/steps.mjs";
import { sectionsOf } from "./page.mjs";
import { plot, summary, table } from "./report.mjs";
import { Histogram, median, spread } from "./statistics.mjs";

/** The messages that a reader takes out of `chunks`, as `[opcode, payload]`. */
function read(chunks) {
  const messages = [];
  const reader = new FrameReader((opcode, payload) => messages.push([opcode, [...payload]]));
  for (const chunk of chunks) reader.push(chunk);
  return messages;
}

/** A frame as a server sends it: without a mask. */
function serverFrame(opcode, payload) {
  const masked = encodeFrame(opcode, payload);
  const head = masked.subarray(0, masked.length - payload.length - 4);
  head[1] &= 127;
  return Buffer.concat([head, payload]);
}

test("frames of every length are read, however they are cut", () => {
  for (const length of [0, 1, 125, 126, 127, 65_535, 65_536, 70_000]) {
    const payload = Buffer.alloc(length, 7);
    const bytes = Buffer.concat([serverFrame(2, payload), serverFrame(9, Buffer.from([1]))]);
    const expected = [
      [2, [...payload]],
      [9, [1]],
    ];
    for (const size of [1, 3, 1_000, bytes.length]) {
      const chunks = [];
      for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
      assert.deepEqual(read(chunks), expected, `${length} bytes in chunks of ${size}`);
    }
  }
});

test("a message of several frames is one, also with a ping between them", () => {
  const first = serverFrame(2, Buffer.from([1, 2]));
  first[0] &= 0x7f;
  const last = serverFrame(0, Buffer.from([3]));
  const ping = serverFrame(9, Buffer.alloc(0));
  const message = [2, [1, 2, 3]];
  const bytes = Buffer.concat([first, ping, last, first, last]);
  assert.deepEqual(read([bytes]), [[9, []], message, message]);
});

test("a client's frame says that it is masked, with a mask of zero", () => {
  assert.deepEqual([...encodeFrame(2, Buffer.from([5, 6]))], [0x82, 0x82, 0, 0, 0, 0, 5, 6]);
});

test("keystrokes are updates that are read as runs of one", () => {
  const runs = [];
  for (const clock of [0, 1, 300]) {
    eachRun(keystroke(3_000_000_000, clock), (...run) => runs.push(run));
  }
  const [first, second, later] = runs;
  assert.deepEqual(first, [3_000_000_000, 0, 1]);
  assert.deepEqual(second, [3_000_000_000, 1, 1]);
  assert.deepEqual(later, [3_000_000_000, 300, 1]);
});

test("scattered keystrokes are never joined, and are in the order of Yjs", () => {
  const doc = new Doc();
  for (let clock = 0; clock < 5; clock++) applyUpdate(doc, scattered(7, clock));
  assert.equal(doc.getText("t").toString(), "aedcb");
  const runs = [];
  eachRun(encodeStateAsUpdate(doc), (...run) => runs.push(run));
  assert.deepEqual(runs.at(-1), [7, 4, 1]);
  assert.ok(runs.length >= 4);
});

test("a merged update is read by author and run, without what it skips", () => {
  // Author 9: three letters behind its clock 4, a gap of two, a letter between two of author 7.
  // Author 7: its first two letters.
  const nine = [3, 9, 5, 0x84, 9, 4, 3, 97, 98, 99, 10, 2, 0xc4, 7, 0, 7, 1, 1, 100];
  const seven = [1, 7, 0, 4, 1, 1, 116, 2, 97, 98];
  const runs = [];
  eachRun(Buffer.from([2, ...nine, ...seven, 0]), (...run) => runs.push(run));
  assert.deepEqual(runs.join(" "), "9,5,3 9,10,1 7,0,2");
});

test("both dialects read what they say", () => {
  const body = Buffer.from([1, 2, 3]);
  for (const name of [undefined, "hocuspocus"]) {
    const words = dialect(name, "plan");
    assert.deepEqual(words.read(words.update(body)), { kind: "update", body });
    assert.equal(words.read(words.nothing).kind, "step2");
    assert.equal(words.read(words.hello().at(-1)).kind, "step1");
    assert.deepEqual(words.read(words.presence(body)), { kind: "presence", body });
  }
  assert.equal(dialect(undefined, "plan").read(Buffer.from([3])), undefined);
});

test("the native dialect says where it stopped, and reads what leads where", () => {
  const words = dialect("native", "plan");
  assert.deepEqual([...words.hello()[0]], [0, 3, 0, 0]);
  assert.deepEqual([...words.hello({ epoch: 300, sequence: 5 })[0]], [0, 3, 172, 2, 5]);
  assert.deepEqual([...words.update(Buffer.from([9]))], [3, 1, 9]);
  assert.deepEqual([...words.update(Buffer.from([9]))], [3, 2, 9], "updates are numbered");
  const welcome = words.read(Buffer.from([0, 1, 172, 2, 5, 7, 7, 7]));
  assert.deepEqual([welcome.kind, welcome.epoch, welcome.sequence], ["welcome", 300, 5]);
  const update = words.read(Buffer.from([3, 6, 1, 2]));
  assert.deepEqual([update.kind, update.sequence, [...update.body]], ["update", 6, [1, 2]]);
  assert.equal(words.read(Buffer.from([5, 1, 6])).sequence, 6, "an ack names it as well");
  const nothing = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0];
  const deflated = deflateRawSync(Buffer.from(nothing));
  const document = words.read(Buffer.concat([Buffer.from([14, 7]), deflated]));
  assert.deepEqual([document.kind, document.sequence, [...document.body]], ["step2", 7, [0, 0]]);
  assert.equal(words.read(Buffer.from([6, 1])), undefined);
});

test("cursors are read as they are written, whoever counts their clocks", () => {
  const found = [];
  const one = position(3_000_000_001, 42);
  const two = position(3_000_000_002, 0);
  const gone = [7, 9, 4, ...Buffer.from("null")];
  const update = Buffer.from([3, ...one.subarray(1), ...two.subarray(1), ...gone]);
  eachPosition(update, (...it) => found.push(it));
  assert.deepEqual(found, [
    [3_000_000_001, 42],
    [3_000_000_002, 0],
  ]);
});

test("a message has arrived once, in order, and not at who sent it", () => {
  const senders = new Senders({ count: 2, rate: 10, warmUpMs: 0, measureMs: 1_000 });
  const { firstId, delays } = senders;
  for (const sender of senders.all) sender.measuredFrom = 1;
  const receiver = senders.receiver(1);
  const arrived = (...it) => senders.arrived(...it, { receiver, now: 5 });
  arrived(firstId, 0, 1);
  assert.equal(delays.count, 0, "it was sent before anything is measured");
  arrived(firstId, 0, 3);
  arrived(firstId, 1, 2);
  assert.equal(delays.count, 2, "what is known is no delivery");
  arrived(firstId, 4, 1);
  assert.equal(delays.count, 2, "behind a gap nothing can be shown");
  arrived(firstId + 1, 0, 3);
  arrived(firstId + 2, 0, 3);
  assert.equal(delays.count, 2);
});

test("numbers are encoded as lib0 does, beyond 32 bits too", () => {
  assert.deepEqual(varUint(127), [127]);
  assert.deepEqual(varUint(300), [172, 2]);
  assert.deepEqual(varUint(2 ** 40), [128, 128, 128, 128, 128, 32]);
});

test("a quantile is the delay that so many do not exceed", () => {
  const delays = new Histogram();
  assert.equal(delays.quantile(0.5), undefined);
  for (let ms = 1; ms <= 100; ms++) delays.record(ms);
  assert.equal(delays.quantile(0.5), 50);
  assert.equal(delays.quantile(0.501), 51);
  assert.equal(delays.quantile(0.99), 99);
  assert.equal(delays.quantile(1), 100);
  delays.record(1e9);
  assert.equal(delays.quantile(1), 10_000, "more than it can tell is the most that it can tell");
});

test("a spread leaves out repetitions without a figure", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.deepEqual(spread([5, undefined, 1, 3]), { median: 3, min: 1, max: 5 });
  assert.equal(spread([undefined]), undefined);
});

const measure = { figures: { p50: "median, ms" } };
const result = {
  subjects: [
    { name: "a", title: "A", version: "1", durable: true, repetitions: [{ p50: 2 }, { p50: 4 }] },
    { name: "b", title: "<B>", version: "2", durable: false, repetitions: [{ p50: 1.5 }] },
    { name: "c", title: "C", version: "3", durable: false, repetitions: [{}] },
  ],
};

test("the table has each figure's spread, and its ratio to the first subject's", () => {
  assert.deepEqual(table(measure, result).split("\n"), [
    "| server | durable before it is shown | median, ms |",
    "|-|-|-:|",
    "| A 1 | yes | 3 (2–4), ×1 |",
    "| <B> 2 | no | 1.5 (1.5–1.5), ×0.5 |",
    "| C 3 | no | – |",
  ]);
});

test("the summary has the medians of all measures, as the page has them", () => {
  const [, b, c] = result.subjects;
  const fast = { ...b, repetitions: [{ updates: 1600 }] };
  const of = (measure, subjects) => ({ measure, text: `Words.\n\n${table(measure, { subjects })}\n` });
  const client = { name: "c", title: "Client", version: "1", repetitions: [{ p50: 1 }] };
  const parts = [
    of(measure, result.subjects),
    of(measure, [client]),
    of({ figures: { updates: "updates/s" } }, [{ ...c, repetitions: [] }, fast]),
  ];
  assert.deepEqual(summary(parts).split("\n"), [
    "| server | durable before it is shown | median, ms | updates/s |",
    "|-|-|-:|-:|",
    "| A 1 | yes | 3 | – |",
    "| <B> 2 | no | 1.5 | 1,600 |",
    "| C 3 | no | – | – |",
  ]);
});

test("the plot has a bar for each figure there is, and is well-formed", () => {
  const svg = plot(measure, result);
  assert.equal(svg.match(/<path /g).length, 2);
  assert.ok(svg.includes("&lt;B>") && !svg.includes("<B>"));
  assert.ok(!svg.includes("NaN") && !svg.includes("undefined"));
});

test("nothing is no measure for others: no ratio to zero, and bars without a scale", () => {
  const none = { subjects: result.subjects.map((it) => ({ ...it, repetitions: [{ p50: 0 }] })) };
  assert.ok(table(measure, none).includes("| <B> 2 | no | 0 (0–0) |"));
  assert.ok(!plot(measure, none).includes("NaN"));
  const less = { subjects: [{ ...result.subjects[0], repetitions: [{ p50: -3 }] }] };
  assert.ok(!plot(measure, less).includes('width="-'));
});

test("the summary has only what a measure puts into it, and gaps where it does not apply", () => {
  const [a, b] = result.subjects;
  const few = { figures: { p50: "median, ms", p99: "rare, ms" }, summary: ["p50"] };
  const of = (measure, subjects) => ({ measure, text: table(measure, { subjects }) });
  const parts = [
    of(few, [a, b]),
    of({ figures: { size: "bytes" }, isExact: true }, [{ ...a, repetitions: [{ size: 49 }] }]),
    { measure: { curves: {} }, text: "| server | 1 | 2 |\n|-|-:|-:|\n| A 1 | 3 | 4 |" },
  ];
  assert.deepEqual(summary(parts).split("\n"), [
    "| server | durable before it is shown | median, ms | bytes |",
    "|-|-|-:|-:|",
    "| A 1 | yes | 3 | 49 |",
    "| <B> 2 | no | 1.5 | – |",
  ]);
});

const grown = {
  measure: {
    curves: { size: { title: "Size", x: "MB", y: "ms", lines: { hot: "warm", cold: "cold" } } },
  },
  result: {
    subjects: [
      {
        repetitions: [
          { size: [{ x: 0.01, hot: 1, cold: 5 }, { x: 20, hot: 90 }] },
          { size: [{ x: 0.01, hot: 3, cold: 5 }, { x: 20, hot: 110 }] },
          {},
        ],
      },
    ],
  },
};

test("a curve is a table of its points, over all repetitions", () => {
  const lines = table(grown.measure, grown.result).split("\n");
  assert.deepEqual(lines, [
    "Size:",
    "",
    "| MB | warm, ms | cold, ms |",
    "|-:|-:|-:|",
    "| 0.01 | 2 (1–3) | 5 (5–5) |",
    "| 20 | 100 (90–110) | – |",
  ]);
});

test("a curve is drawn with a line for each of its figures", () => {
  const svg = plot(grown.measure, grown.result);
  assert.equal(svg.match(/<circle /g).length, 3);
  assert.equal(svg.match(/stroke-width="2"/g).length, 2);
  assert.ok(svg.includes(">warm</text>") && svg.includes(">20</text>"));
  const empty = plot(grown.measure, { subjects: [{ repetitions: [{}] }] });
  const zero = { subjects: [{ repetitions: [{ size: [{ x: 1, hot: 0, cold: 0 }] }] }] };
  for (const text of [svg, empty, plot(grown.measure, zero)]) {
    assert.ok(!text.includes("NaN") && !text.includes("undefined") && !text.includes("Infinity"));
  }
});

test("a document of a size is made of authors' updates that fit together", () => {
  const [part] = documentOf(5_000);
  assert.ok(part.length > 4_000 && part.length < 6_000, `${part.length} bytes`);
  const doc = new Doc();
  applyUpdate(doc, part);
  assert.ok(doc.getText("t").length > 1_000);
});

test("numbers are as long as they are worth", () => {
  const shown = [0.0156, 0.5, 1.234, 45.67, 102_400].map(short);
  assert.deepEqual(shown, ["0.016", "0.5", "1.23", "45.7", "102,400"]);
});

test("the most that passes is found from both sides", async () => {
  const most = async (limit, range) => {
    const tried = [];
    const steps = new Steps({}, {}, {});
    steps.passes = async (load) => (tried.push(load), load <= limit);
    steps.end = async () => tried.push("end");
    return [await steps.most(range), ...tried];
  };
  const range = { first: 8, max: 32, min: 2 };
  assert.deepEqual(await most(20, range), [16, 8, 16, 32, "end"]);
  assert.deepEqual(await most(99, range), [32, 8, 16, 32, "end"]);
  assert.deepEqual(await most(3, range), [2, 8, 4, 2, "end"]);
  assert.deepEqual(await most(1, range), [undefined, 8, 4, 2, "end"]);
  assert.deepEqual(await most(1, { first: 8, max: 32 }), [undefined, 8, "end"]);
});

test("a page is the sum of its sections, so that what is not measured anew can stay", () => {
  const [one, two] = ["\n## One\n\nA table.\n", "\n## Two\n\nAnother.\n"];
  const sections = sectionsOf(`# All\n\nWords.\n${one}${two}`);
  assert.deepEqual([...sections], [["One", one], ["Two", two]]);
  assert.equal(sectionsOf("").size, 0);
});

test("what was aimed for is said beside what was reached, with a reason where it was not", () => {
  const all = { ...measures, ...clientMeasures };
  for (const [name, { figures }] of Object.entries(aims)) {
    for (const key of Object.keys(figures)) assert.ok(all[name]?.figures[key], `${name}.${key}`);
  }
  const of = (p50, p99) => {
    const subjects = [{ name: "selvedge", repetitions: [{ p50, p99 }] }];
    return aimsOf("latency", measures.latency, { subjects });
  };
  const line = (key, wanted, said) => `- ${measures.latency.figures[key]}: ≤ ${wanted}, ${said}`;
  const [p50, p99] = [line("p50", 1.5, "reached"), line("p99", 4, "reached")];
  assert.equal(of(1.5, 3.9), `Aimed for:\n\n${p50}\n${p99}`);
  const missed = `Aimed for:\n\n${p50}\n${line("p99", 4, "**missed**")}\n\n${aims.latency.why}`;
  assert.equal(of(1.5, 4.1), missed);
  const typing = (own, other) => {
    const subject = (name, ms) => ({ name, repetitions: [{ ms }] });
    const subjects = [subject("selvedge", own), subject("yjs", other)];
    return aimsOf("replay", clientMeasures.replay, { subjects });
  };
  assert.match(typing(2, 2.2), /≤ yjs's 2.2, reached/);
  assert.match(typing(2.3, 2.2), /missed/);
});
