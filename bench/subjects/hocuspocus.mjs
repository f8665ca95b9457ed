// Hocuspocus on Node, which stores documents as files with its own delay of 2 to 10 s.

import { join } from "node:path";
import { installedVersion } from "../peers.mjs";

export const hocuspocus = {
  title: "Hocuspocus",
  get version() {
    return installedVersion("@hocuspocus/server");
  },
  durable: false,
  persists: true,
  dialect: "hocuspocus",
  path: () => "/",
  async command({ folder, port }) {
    const script = join(import.meta.dirname, "hocuspocus_server.mjs");
    return { program: process.execPath, args: [script, String(port), folder] };
  },
};
