// What is measured of clients: their size, and what they do in Node and in a browser.

import { subjects as bundles } from "./bundle/subjects.mjs";
import { sizeOf } from "./bundle/size.mjs";
import { inNode } from "./client/measures.mjs";
import { compaction } from "./core/compaction.mjs";
import { kept } from "./screens/kept.mjs";
import { screens } from "./screens/measure.mjs";

/** Measures as in measures.mjs, each with the subjects that it is for. */
export const clientMeasures = {
  bundle: {
    title: "The size of a client's code",
    text:
      "What a page loads, minified, with its Wasm if there is any: as it is, by gzip at level 9, " +
      "and by brotli at level 11. ywasm, loro-crdt and automerge come without anything that " +
      "connects them. Nobody loads the Worker; it is here since Workers have a limit. Less is " +
      "better.",
    figures: { raw: "bytes", gzip: "bytes, gzip", brotli: "bytes, brotli" },
    subjects: bundles,
    isExact: true,
    run: async (subject) => sizeOf(await subject.files()),
  },
  ...inNode,
  compaction,
  screens,
  kept,
};
