// yjs and what keeps its documents in a browser.

import { installedVersion } from "../peers.mjs";

export const yIndexeddb = {
  title: "yjs + y-indexeddb",
  get version() {
    return installedVersion("y-indexeddb");
  },
  client: "kept_yjs",
};
