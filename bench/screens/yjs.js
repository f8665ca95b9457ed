// yjs with y-websocket. Tabs do not speak to each other, as on two machines.

import { WebsocketProvider } from "y-websocket";
import { Doc } from "yjs";
import { bind } from "./bind.js";

const { url, name } = Object.fromEntries(new URLSearchParams(location.search));
const doc = new Doc();
const text = doc.getText("t");
const server = url.slice(0, url.lastIndexOf("/"));
const provider = new WebsocketProvider(server, name, doc, { disableBc: true });
bind(text);
provider.on("sync", (isSynced) => {
  document.documentElement.dataset.state = isSynced ? "live" : "connecting";
});
