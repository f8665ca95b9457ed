// What is measured, in the order of the page. Each measure runs once for one subject and returns
// its figures, without those that the subject cannot have.

import { comeback } from "./measures/comeback.mjs";
import { crowd } from "./measures/crowd.mjs";
import { cursors } from "./measures/cursors.mjs";
import { growth } from "./measures/growth.mjs";
import { kill } from "./measures/kill.mjs";
import { latency } from "./measures/latency.mjs";
import { memory } from "./measures/memory.mjs";
import { rows } from "./measures/rows.mjs";
import { rules } from "./measures/rules.mjs";
import { scattered, sustained } from "./measures/sustained.mjs";
import { sync } from "./measures/sync.mjs";
import { wake } from "./measures/wake.mjs";

export const measures = {
  latency,
  sustained,
  scattered,
  cursors,
  crowd,
  kill,
  sync,
  return: comeback,
  memory,
  wake,
  rows,
  rules,
  growth,
};
