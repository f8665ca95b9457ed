// The server of y-websocket on Node, in memory and with the storage that it brings along.

import { join } from "node:path";
import { installedVersion, peers } from "../peers.mjs";

const common = {
  get version() {
    return installedVersion("@y/websocket-server");
  },
  durable: false,
  path: (document) => `/${document}`,
};

const start = (port, more = {}) => ({
  program: process.execPath,
  args: [join(peers, "node_modules/@y/websocket-server/src/server.js")],
  env: { HOST: "127.0.0.1", PORT: String(port), ...more },
});

// Copied with its getter: a spread would read the version before the package is there.
const subject = (own) => Object.defineProperties(own, Object.getOwnPropertyDescriptors(common));

export const yWebsocket = subject({
  title: "@y/websocket-server",
  persists: false,
  command: async ({ port }) => start(port),
});

/** It stores each update, but does not wait for that before it passes the update on. */
export const yWebsocketLeveldb = subject({
  title: "@y/websocket-server, LevelDB",
  persists: true,
  command: async ({ folder, port }) => start(port, { YPERSISTENCE: join(folder, "leveldb") }),
});
