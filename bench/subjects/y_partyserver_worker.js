import { routePartykitRequest } from "partyserver";
import { YServer } from "y-partyserver";
import { applyUpdate, encodeStateAsUpdate } from "yjs";

/** Stored when nobody has typed for 2 s, or after 10 s of typing: the package's default. */
export class Document extends YServer {
  static options = { hibernate: true };

  async onLoad() {
    const { sql } = this.ctx.storage;
    const columns = "id INTEGER PRIMARY KEY, saves INTEGER, bytes BLOB";
    sql.exec(`CREATE TABLE IF NOT EXISTS document(${columns})`);
    const [row] = sql.exec("SELECT bytes FROM document");
    if (row) applyUpdate(this.document, new Uint8Array(row.bytes));
  }

  async onSave() {
    const bytes = encodeStateAsUpdate(this.document);
    const { sql } = this.ctx.storage;
    const again = "ON CONFLICT(id) DO UPDATE SET saves = saves + 1, bytes = excluded.bytes";
    sql.exec(`INSERT INTO document VALUES (1, 1, ?) ${again}`, bytes);
  }
}

export default {
  async fetch(request, env) {
    return (await routePartykitRequest(request, env)) ?? new Response(null, { status: 404 });
  },
};
