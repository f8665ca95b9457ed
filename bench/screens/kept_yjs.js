// yjs with y-indexeddb, and y-websocket.

import { IndexeddbPersistence } from "y-indexeddb";
import { WebsocketProvider } from "y-websocket";
import { Doc } from "yjs";
import { opened, say } from "./opened.js";

const { url, name } = Object.fromEntries(new URLSearchParams(location.search));
const began = performance.now();
const doc = new Doc();
const text = doc.getText("t");
const stored = new IndexeddbPersistence(name, doc);
const server = url.slice(0, url.lastIndexOf("/"));
await stored.whenSynced;
const show = () => {
  opened(text, began);
  say("open");
};
if (text.length > 0) show();
const provider = new WebsocketProvider(server, name, doc, { disableBc: true });
provider.once("sync", async () => {
  if (text.length === 0) return;
  show();
  // It stores what comes without saying when that is done, and trims on request.
  await new Promise((later) => setTimeout(later, 2_000));
  say("kept");
});
