// What a crash takes back of that which people have seen.

import { freshDocument, generate } from "../generate.mjs";
import { startServer } from "../server.mjs";

const KILLS = 10;
const KEYS_MIN = 30;
const KEYS_MAX = 90;

export const kill = {
  title: "What a crash takes back",
  text:
    "Somebody types a key every millisecond; the server is ended by `kill -9` at the moment at " +
    `which somebody else has ${KEYS_MIN} to ${KEYS_MAX} of them, and started again on what it ` +
    "has stored. Counted is what a third client, which then comes for the first time, lacks of " +
    `the keys that the second had. ${KILLS} kills in each repetition. Clients that still have ` +
    "the keys and come back would give them to the server again; here nobody does. Less is better.",
  figures: {
    lost: "keys that were seen and are lost, %",
    kills: "kills that took something back, %",
  },
  summary: ["lost"],
  run: kills,
};

async function kills(subject, { folder, quick }) {
  const count = quick ? 3 : KILLS;
  const total = { seen: 0, lost: 0, kills: 0 };
  let server = await startServer(subject, folder);
  try {
    for (let trial = 0; trial < count; trial++) {
      const document = freshDocument("killed");
      const keys = KEYS_MIN + Math.round(((KEYS_MAX - KEYS_MIN) * trial) / (count - 1));
      const { author, seen } = await generate(subject, server, { kind: "kill", document, keys });
      await server.stop();
      server = await startServer(subject, folder);
      const { found } = await generate(subject, server, { kind: "letters", document, author });
      const lost = Math.max(0, seen - found);
      total.seen += seen;
      total.lost += lost;
      if (lost > 0) total.kills += 1;
    }
  } finally {
    await server.stop();
  }
  return { lost: (100 * total.lost) / total.seen, kills: (100 * total.kills) / count };
}
