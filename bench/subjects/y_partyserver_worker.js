import { routePartykitRequest } from "partyserver";
import { YServer } from "y-partyserver";
import { applyUpdate, encodeStateAsUpdate } from "yjs";

/** Stored when nobody has typed for 2 s, or after 10 s of typing: the package's default. */
export class Document extends YServer {
  static options = { hibernate: true };

  async onLoad() {
    const { sql } = this.ctx.storage;
    sql.exec("CREATE TABLE IF NOT EXISTS document(id INTEGER PRIMARY KEY, bytes BLOB)");
    const [row] = sql.exec("SELECT bytes FROM document");
    if (row) applyUpdate(this.document, new Uint8Array(row.bytes));
  }

  async onSave() {
    const bytes = encodeStateAsUpdate(this.document);
    this.ctx.storage.sql.exec("INSERT OR REPLACE INTO document VALUES (1, ?)", bytes);
  }
}

export default {
  async fetch(request, env) {
    return (await routePartykitRequest(request, env)) ?? new Response(null, { status: 404 });
  },
};
