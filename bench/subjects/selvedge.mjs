// This repository's Worker as it is built, in bare workerd.

import { readFileSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../../tools/shell.mjs";
import { workerd } from "./workerd.mjs";

const deployment = readFileSync(join(root, "wrangler.toml"), "utf8");

export const selvedge = {
  title: "Selvedge",
  get version() {
    return JSON.parse(readFileSync(join(root, "build/package.json"), "utf8")).version;
  },
  durable: true,
  persists: true,
  path: (document) => `/sync/${document}`,
  async command({ folder, port }) {
    for (const file of ["index.js", "index_bg.wasm"]) {
      await copyFile(join(root, "build", file), join(folder, file));
    }
    return workerd({
      folder,
      port,
      modules: [
        '(name = "index.js", esModule = embed "index.js")',
        '(name = "index_bg.wasm", wasm = embed "index_bg.wasm")',
      ],
      compatibilityDate: deployment.match(/^compatibility_date = "(.+)"$/m)[1],
      binding: "ROOMS",
      className: "Room",
      // A room refuses whoever is too fast; here that would be what is measured.
      variables: { SESSION_FRAMES_PER_SECOND: "0", ROOM_FRAMES_PER_SECOND: "0" },
    });
  },
};
