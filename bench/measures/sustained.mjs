// How many updates a second a document takes before its readers fall behind.

import { freshDocument, generate } from "../generate.mjs";
import { Steps } from "./steps.mjs";

const CLIENTS = 50;
const TYPISTS = 5;
const STEP_SETTLE_MS = 500;
const STEP_MS = 5_000;
const QUICK_STEP_MS = 1_000;
const UPDATES_PER_SECOND = 1_600;
const UPDATES_PER_SECOND_MAX = 204_800;
const WARM_UP = { rate: 40, warmUpMs: 0 };
const P99_MS_MAX = 100;

const text = (what) =>
  `Updates a second, ${what}, that ${CLIENTS} clients received in full with a 99th percentile of ` +
  `at most ${P99_MS_MAX} ms, over ${STEP_MS / 1000} s; ${TYPISTS} of them type. The load is ` +
  "doubled until that fails twice, so a figure is right within a factor of two. More is better.";

export const sustained = {
  title: "Updates that are sustained",
  text: text("each of one letter behind the last"),
  figures: { updates: "sustained updates/s" },
  run: (subject, options) => search(subject, { isScattered: false }, options),
};

export const scattered = {
  title: "Updates that are sustained and never merge",
  text: text("each of one letter between two others, so that no two ever become one run"),
  figures: { updates: "sustained updates/s that never merge" },
  summary: [],
  run: (subject, options) => search(subject, { isScattered: true }, options),
};

/** Doubles the rate until a step fails; if already the first does, halves it until one succeeds. */
async function search(subject, { isScattered }, options) {
  const typing = (server, load) => {
    const document = freshDocument("typed");
    const people = { clients: CLIENTS, typists: TYPISTS, isScattered };
    return generate(subject, server, { kind: "typing", document, ...people, ...load });
  };
  const measureMs = options.quick ? QUICK_STEP_MS : STEP_MS;
  const steps = new Steps(subject, options, {
    warmUp: (server) => typing(server, { ...WARM_UP, measureMs: options.quick ? 500 : 3_000 }),
    run: (server, rate) =>
      typing(server, { rate: rate / TYPISTS, warmUpMs: STEP_SETTLE_MS, measureMs }),
    rate: (rate) => rate,
    unit: "updates/s",
    p99MsMax: P99_MS_MAX,
  });
  const [first, max] = [UPDATES_PER_SECOND, UPDATES_PER_SECOND_MAX];
  const updates = await steps.most({ first, max, min: TYPISTS });
  return updates === undefined ? {} : { updates };
}
