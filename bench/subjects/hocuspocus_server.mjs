// `node hocuspocus_server.mjs PORT FOLDER`

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Server } from "@hocuspocus/server";
import { applyUpdate, encodeStateAsUpdate } from "yjs";

const [port, folder] = process.argv.slice(2);
const file = (name) => join(folder, `${name}.yjs`);

await new Server({
  port: Number(port),
  address: "127.0.0.1",
  quiet: true,
  async onLoadDocument({ documentName, document }) {
    const stored = file(documentName);
    if (existsSync(stored)) applyUpdate(document, readFileSync(stored));
  },
  async onStoreDocument({ documentName, document }) {
    writeFileSync(file(documentName), encodeStateAsUpdate(document));
  },
}).listen();
