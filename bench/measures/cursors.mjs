// How many people can move a cursor in one room at the rate of a screen.

import { freshDocument, generate } from "../generate.mjs";
import { Steps } from "./steps.mjs";

const HERTZ = 60;
const PEOPLE = [10, 20, 30, 50, 75, 100, 150, 250, 350, 500];
const P99_MS_MAX = 20;
const STEP_SETTLE_MS = 1_000;
const STEP_MS = 5_000;

export const cursors = {
  title: `Cursors at ${HERTZ} Hz`,
  text:
    `Clients in one room that all move their cursor ${HERTZ} times a second, over ` +
    `${STEP_MS / 1000} s, and of which each has every position or a later one of the same cursor ` +
    `with a 99th percentile of at most ${P99_MS_MAX} ms from sending. ${PEOPLE.join(", ")} are ` +
    "tried until one fails twice. All clients are one process, which at the larger numbers has " +
    "as much to do as the server. More is better.",
  figures: { people: `people with a cursor at ${HERTZ} Hz` },
  run: moving,
};

async function moving(subject, options) {
  const { quick } = options;
  const move = (server, clients, warmUpMs, measureMs) => {
    const people = { kind: "cursors", document: freshDocument("moved"), clients, rate: HERTZ };
    return generate(subject, server, { ...people, warmUpMs, measureMs });
  };
  const steps = new Steps(subject, options, {
    warmUp: (server) => move(server, PEOPLE[0], 0, quick ? 500 : 3_000),
    run: (server, clients) => move(server, clients, STEP_SETTLE_MS, quick ? 1_000 : STEP_MS),
    rate: (clients) => clients * HERTZ,
    unit: "people",
    p99MsMax: P99_MS_MAX,
  });
  try {
    const figures = {};
    for (const people of PEOPLE) {
      if (!(await steps.passes(people))) break;
      figures.people = people;
    }
    return figures;
  } finally {
    await steps.end();
  }
}
