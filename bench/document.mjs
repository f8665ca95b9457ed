// The documents of the first syncs: text typed by a seeded hand, the same in every run.

import { Doc, encodeStateAsUpdate } from "yjs";

const RUNS = 4_800;
const LETTERS = "etaoin shrdlu cmfwyp vbgkjq ";
const AUTHOR = 3_141_592_653;
/** What a run takes of the encoding. */
const BYTES_PER_RUN = 63;

/** Some 300 KB: runs of typing at places all over the text, with corrections. */
export function largeDocument() {
  return typedBy(AUTHOR, RUNS);
}

/** A document of some `bytes`, as updates of at most 300 KB, each by an author of its own. */
export function documentOf(bytes) {
  const parts = [];
  for (let runs = Math.ceil(bytes / BYTES_PER_RUN); runs > 0; runs -= RUNS) {
    parts.push(typedBy(AUTHOR + parts.length, Math.min(runs, RUNS)));
  }
  return parts;
}

function typedBy(author, runs) {
  const doc = new Doc();
  doc.clientID = author;
  const text = doc.getText("t");
  const random = generator(1);
  doc.transact(() => {
    for (let run = 0; run < runs; run++) {
      let at = random(text.length + 1);
      for (let keys = random(40) + 5; keys > 0; keys--) {
        text.insert(at++, LETTERS[random(LETTERS.length)]);
      }
      if (run % 3 === 0 && at > 3) text.delete(at - 3, 3);
    }
  });
  return encodeStateAsUpdate(doc);
}

/** Whole numbers below a bound, from a linear congruence. */
function generator(state) {
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
