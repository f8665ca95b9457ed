// What rules inside a document cost: how many updates a second a document with a schema takes, a
// new one and a large one.

import { freshDocument, generate } from "../generate.mjs";
import { Steps } from "./steps.mjs";

const CLIENTS = 50;
const TYPISTS = 5;
const STEP_SETTLE_MS = 500;
const STEP_MS = 5_000;
const QUICK_STEP_MS = 1_000;
const UPDATES_PER_SECOND = 800;
const UPDATES_PER_SECOND_MAX = 51_200;
const P99_MS_MAX = 100;

/** A rule of which every keystroke is asked: the text may not become too long. */
const SCHEMA = { roots: { t: { type: "text", maxCharacters: 10_000_000 } } };
/** So that none of the loads fills the document. */
const ROOMY = { RULED_BYTES_MAX: `${64 << 20}` };

export const rules = {
  title: "What rules cost",
  text:
    `Updates a second, each of one letter behind the last, that ${CLIENTS} clients received in ` +
    `full with a 99th percentile of at most ${P99_MS_MAX} ms, over ${STEP_MS / 1000} s; ` +
    `${TYPISTS} of them type. In a document without a schema; in a new one whose schema limits ` +
    "the length of the text; and in one of some 300 KB, of 260,000 keystrokes, with the same " +
    "schema. The load is doubled until that fails twice. More is better.",
  figures: {
    free: "without rules, updates/s",
    small: "with rules, updates/s",
    large: "with rules, large document, updates/s",
  },
  summary: [],
  applies: (subject) => subject.isOurs === true,
  run: async (subject, options) => ({
    free: await search(subject, options, async () => {}),
    small: await search(subject, options, (server, document) => hold(server, document)),
    large: await search(subject, options, async (server, document) => {
      await generate(subject, server, { kind: "seed", document, files: options.large.files });
      await hold(server, document);
    }),
  }),
};

/** Gives a document its schema. */
async function hold(server, document) {
  const { host } = new URL(server.url(document));
  const address = `http://${host}/documents/${encodeURIComponent(document)}/schema`;
  const answer = await fetch(address, { method: "PUT", body: JSON.stringify(SCHEMA) });
  if (!answer.ok) throw new Error(`the schema was answered with ${answer.status}`);
}

async function search(subject, options, prepare) {
  const settings = (given) => ({ ...given, ...ROOMY });
  const command = (given) => subject.command({ ...given, settings: settings(given.settings) });
  const measureMs = options.quick ? QUICK_STEP_MS : STEP_MS;
  const typing = async (server, load) => {
    const document = freshDocument("ruled");
    await prepare(server, document);
    const people = { clients: CLIENTS, typists: TYPISTS };
    return generate(subject, server, { kind: "typing", document, ...people, ...load });
  };
  const steps = new Steps({ ...subject, command }, options, {
    warmUp: (server) => typing(server, { rate: 40, warmUpMs: 0, measureMs: 1_000 }),
    run: (server, rate) =>
      typing(server, { rate: rate / TYPISTS, warmUpMs: STEP_SETTLE_MS, measureMs }),
    rate: (rate) => rate,
    unit: "updates/s",
    p99MsMax: P99_MS_MAX,
  });
  return (await steps.most({ first: UPDATES_PER_SECOND, max: UPDATES_PER_SECOND_MAX })) ?? 0;
}
