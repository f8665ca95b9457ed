// The load generator, a process of its own: `node generator.mjs JOB`, where JOB is JSON, prints one
// line of JSON. All clients are in this process, so one clock measures from sending to receipt.

import { cursors } from "./cursors.mjs";
import { kill, letters } from "./killing.mjs";
import { atRest, connections, positions, rooms } from "./memory.mjs";
import { returning } from "./returning.mjs";
import { manyRooms } from "./rooms.mjs";
import { rows } from "./rows.mjs";
import { seed, sync } from "./syncing.mjs";
import { typing } from "./typing.mjs";
import { waking } from "./waking.mjs";

const jobs = {
  atRest,
  connections,
  cursors,
  kill,
  letters,
  manyRooms,
  positions,
  returning,
  rooms,
  rows,
  seed,
  sync,
  typing,
  waking,
};
const job = JSON.parse(process.argv[2]);
const result = await jobs[job.kind](job);
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
