// What each measure was aimed for, before anything was built, and why it is missed where it is.

import { short } from "./format.mjs";
import { spread } from "./statistics.mjs";

const atMost = (figure) => ({ sign: "≤", of: () => figure, isReached: (own) => own <= figure });
const atLeast = (figure) => ({ sign: "≥", of: () => figure, isReached: (own) => own >= figure });
/** Of another subject in the same run. */
const atMostOf = (name) => ({
  sign: `≤ ${name}'s`,
  of: (medians) => medians(name),
  isReached: (own, other) => own <= other,
});

export const aims = {
  latency: {
    figures: { p50: atMost(1.5), p99: atMost(4) },
    why:
      "Most of it is what an empty object takes on this machine, which neither stores nor " +
      "decides anything; what is above that is the wait for the disk.",
  },
  sustained: { figures: { updates: atLeast(51_200) } },
  scattered: {
    figures: { updates: atLeast(25_600) },
    why:
      "The longest waits are compactions: a document of nothing but single letters is ten times " +
      "as large as one of runs, and is written whole each time.",
  },
  cursors: {
    figures: { people: atLeast(150) },
    why:
      "150 cursors are 9,000 frames a second, each of which the runtime hands over by itself, " +
      "and that takes most of its core; what is sent is shared (`src/room/pace.rs`).",
  },
  crowd: {
    figures: { p99: atMost(20) },
    why:
      "workerd takes some 20 µs to send one frame on this machine, where Node takes 8. A key is " +
      "a thousand frames, so the last of them leaves after 20 ms, and 50 keys a second need all " +
      "of a core: an empty object falls behind for good. Commits are shared, so that a key waits " +
      "for no more than the one before it (`src/room/pace.rs`).",
  },
  kill: { figures: { lost: atMost(0), kills: atMost(0) } },
  sync: {
    figures: {
      hot: atMost(3),
      crowd: atMost(60),
      cold: atMost(30),
      received: atMost(160_000),
      stored: atMost(160_000),
      rows: atMost(20),
    },
    why:
      "A first sync copies bytes that are ready; that is 300 KB through the runtime and loopback. " +
      "The document is stored twice, in columns: as the snapshot, and as the history from which it " +
      "can be replayed, which nobody else keeps. Its letters are random, and take most of both. " +
      "Of 10,000 rows workerd's cursor alone takes some 40 ms to hand out the heads, from which a " +
      "room starts, and then all of them. As it ships a log is compacted at 1,000 rows.",
  },
  return: { figures: { received: atMost(1_000) } },
  memory: {
    figures: { connectionAbove: atMost(2), roomAbove: atMost(100) },
    why:
      "A session has its access, its rates, where it stands, and a handle of its socket on either " +
      "side of Wasm.",
  },
  wake: { figures: { smallAbove: atMost(5), largeAbove: atMost(5) } },
  rows: {
    figures: { one: atMost(100), several: atMost(150) },
    why:
      "What is shown is durable before, so a key that others are to see at once is a row. 100 " +
      "rows for 1,000 keys of one typist are a key that waits for a second. Where more comes, " +
      "commits are shared: the most updates that are sustained are some 600 rows a second.",
  },
  bundle: {
    figures: { brotli: atMost(120_000) },
    why:
      "yrs is 85,000 of it, without undo, rules, conflicts, storage, tabs and presence. These " +
      "are code that is always there.",
  },
  replay: { figures: { ms: atMostOf("yjs") } },
  apply: {
    figures: { updates: atLeast(650_000) },
    why: "yrs takes them in no faster than ywasm shows, which is built for speed alone.",
  },
  load: {
    figures: { first: atMost(30), warm: atMost(4.5) },
    why:
      "yrs takes as long as ywasm shows to make a document of its encoding, and is built for " +
      "size here. Less would need a form that is not decoded as a whole.",
  },
  compaction: { figures: { singleFirst: atMost(60), singleWarm: atMost(30) } },
  screens: { figures: { p95: atMost(40), p99: atMost(33) } },
  kept: {
    figures: { open: atMost(100), typed: atMost(1), scattered: atMost(1) },
    why:
      "A key at a place at which nobody was before walks the document once, to learn what was " +
      "deleted there.",
  },
};

/** What the first subject was to reach, and why it did not; nothing if nothing was. */
export function aimsOf(name, measure, result) {
  const aim = aims[name];
  if (aim === undefined) return undefined;
  const median = (subject, key) => {
    const { repetitions = [] } = result.subjects.find((it) => it.name === subject) ?? {};
    return spread(repetitions.map((figures) => figures[key]))?.median;
  };
  const lines = [];
  let isMissed = false;
  for (const [key, { sign, of, isReached }] of Object.entries(aim.figures)) {
    const own = median(result.subjects[0].name, key);
    const wanted = of((other) => median(other, key));
    if (own === undefined || wanted === undefined) continue;
    const reached = isReached(own, wanted);
    isMissed ||= !reached;
    const said = reached ? "reached" : "**missed**";
    lines.push(`- ${measure.figures[key]}: ${sign} ${short(wanted)}, ${said}`);
  }
  if (lines.length === 0) return undefined;
  const list = `Aimed for:\n\n${lines.join("\n")}`;
  return isMissed && aim.why ? `${list}\n\n${aim.why}` : list;
}
