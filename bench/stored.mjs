// What a server has stored in its folder. It must not run: what SQLite keeps in its log of writes
// is part of that.

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Bytes of the documents that are stored: of SQLite the pages that are in use, of files all. */
export function storedBytes(folder) {
  const databases = eachDatabase(folder, (query) => {
    const [{ page_size: size }] = query("PRAGMA page_size");
    const [{ page_count: pages }] = query("PRAGMA page_count");
    const [{ freelist_count: free }] = query("PRAGMA freelist_count");
    return (pages - free) * size;
  });
  const files = filesOf(folder, /\.(yjs|ldb|log)$/).map((file) => statSync(file).size);
  return [...databases, ...files].reduce((sum, bytes) => sum + bytes, 0);
}

/** Calls `read(query)` for the database of each object; returns the results. */
export function eachDatabase(folder, read) {
  // The runtime has a database of its own there, which is not named by an object's id.
  return filesOf(folder, /[0-9a-f]{64}\.sqlite$/).map((file) => {
    const database = new DatabaseSync(file, { readOnly: true });
    try {
      return read((statement) => database.prepare(statement).all());
    } finally {
      database.close();
    }
  });
}

function filesOf(folder, pattern) {
  const files = readdirSync(folder, { recursive: true }).filter((file) => pattern.test(file));
  return files.map((file) => join(folder, file));
}
