// The server of y-websocket on Node, in memory.

import { join } from "node:path";
import { installedVersion, peers } from "../peers.mjs";

export const yWebsocket = {
  title: "@y/websocket-server",
  get version() {
    return installedVersion("@y/websocket-server");
  },
  durable: false,
  persists: false,
  path: (document) => `/${document}`,
  async command({ port }) {
    return {
      program: process.execPath,
      args: [join(peers, "node_modules/@y/websocket-server/src/server.js")],
      env: { HOST: "127.0.0.1", PORT: String(port) },
    };
  },
};
