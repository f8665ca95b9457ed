// The least that a Durable Object can do: what is measured against it is what a server adds.

import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { workerd } from "../../tools/workerd.mjs";

/** Not a server that anybody compares with, but the floor under those that run in workerd. */
export const empty = {
  title: "an empty object",
  path: (document) => `/${document}`,
  async command({ folder, port }) {
    await copyFile(join(import.meta.dirname, "empty_worker.js"), join(folder, "index.js"));
    return workerd({
      folder,
      port,
      modules: ['(name = "index.js", esModule = embed "index.js")'],
      compatibilityDate: "2026-11-01",
      binding: "ROOMS",
      className: "Room",
    });
  },
};
