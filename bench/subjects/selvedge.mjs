// This repository's Worker as it is built, in bare workerd.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../tools/shell.mjs";
import { ourWorkerd } from "../../tools/workerd.mjs";

/** A room refuses whoever is too fast; here that would be what is measured. */
const UNLIMITED = { SESSION_FRAMES_PER_SECOND: "0", ROOM_FRAMES_PER_SECOND: "0" };

export const selvedge = {
  title: "Selvedge",
  get version() {
    return JSON.parse(readFileSync(join(root, "build/package.json"), "utf8")).version;
  },
  durable: true,
  persists: true,
  isInWorkerd: true,
  path: (document) => `/sync/${document}`,
  isOurs: true,
  /** How many rows were written, if none of them is compacted. */
  rows: (query) => query("SELECT COUNT(*) AS n FROM log")[0].n,
  /** What its own clients speak; without this, a subject's clients are stock ones. */
  ownDialect: "native",
  command: ({ folder, port, settings }) =>
    ourWorkerd({ folder, port, variables: { ...UNLIMITED, ...settings } }),
};
