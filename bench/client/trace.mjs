// The keystrokes that all clients are given: a recorded editing session, or a seeded hand's.
//
//   TRACE=automerge-paper.json.gz npm run bench -- replay
//
// A recording has the form of github.com/josephg/editing-traces, of one author.

import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { gunzipSync } from "node:zlib";

const KEYSTROKES = 260_000;
const QUICK_KEYSTROKES = 5_000;
const LETTERS = "etaoin shrdlu cmfwyp vbgkjq ";

/** `{ name, edits: [at, deleted, inserted][], end }`: the text begins empty and ends as `end`. */
export function trace({ file = process.env.TRACE, quick = false } = {}) {
  if (quick) return generated(QUICK_KEYSTROKES);
  return file ? recorded(file) : generated(KEYSTROKES);
}

/** What a page says of where the keystrokes come from. */
export function traceNote({ name, edits } = trace()) {
  return `The keystrokes are ${name}: ${edits.length.toLocaleString("en-US")} edits.`;
}

function recorded(file) {
  const bytes = readFileSync(file);
  const { startContent = "", endContent, numAgents = 1, txns } = JSON.parse(
    file.endsWith(".gz") ? gunzipSync(bytes) : bytes,
  );
  if (numAgents !== 1) throw new Error(`${file} has ${numAgents} authors; one is wanted`);
  const edits = txns.flatMap(({ patches }) => patches);
  if (startContent !== "") edits.unshift([0, 0, startContent]);
  const name = `the recording ${basename(file).replace(/\.json(\.gz)?$/, "")}`;
  return { name, edits, end: endContent };
}

/** Runs of typing all over the text, some taken back, and passages that are deleted. */
export function generated(keystrokes) {
  const random = numbers(1);
  const edits = [];
  let end = "";
  for (let run = 0; edits.length < keystrokes; run++) {
    let at = random(end.length + 1);
    if (run % 4 === 3) {
      const length = Math.min(random(40), end.length - at);
      for (let key = 0; key < length; key++) edits.push([at, 1, ""]);
      end = end.slice(0, at) + end.slice(at + length);
      continue;
    }
    let typed = "";
    for (let keys = random(40) + 5; keys > 0; keys--) {
      const letter = LETTERS[random(LETTERS.length)];
      edits.push([at++, 0, letter]);
      typed += letter;
    }
    const taken = run % 4 === 1 ? random(typed.length) : 0;
    for (let key = 0; key < taken; key++) edits.push([--at, 1, ""]);
    typed = typed.slice(0, typed.length - taken);
    end = end.slice(0, at - typed.length) + typed + end.slice(at - typed.length);
  }
  return { name: "a seeded hand's", edits, end };
}

/** Whole numbers below a bound, from a linear congruence. */
function numbers(state) {
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
