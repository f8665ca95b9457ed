// The large document of the first sync: text typed by a seeded hand, the same in every run.

import { Doc, encodeStateAsUpdate } from "yjs";

const RUNS = 4_800;
const LETTERS = "etaoin shrdlu cmfwyp vbgkjq ";

/** Some 300 KB: runs of typing at places all over the text, with corrections. */
export function largeDocument() {
  const doc = new Doc();
  doc.clientID = 3_141_592_653;
  const text = doc.getText("t");
  const random = generator(1);
  doc.transact(() => {
    for (let run = 0; run < RUNS; run++) {
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
