// The rooms' databases on disk, read from outside.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** Calls `read` with a read-only database of each room under `persistTo`; returns the results. */
export const rooms = (persistTo, read) => {
  const results = []
  for (const file of readdirSync(persistTo, { recursive: true })) {
    if (!/[0-9a-f]{64}\.sqlite$/.test(file)) continue
    const database = new DatabaseSync(join(persistTo, file), { readOnly: true })
    try {
      const query = (statement) => database.prepare(statement).all()
      if (query("SELECT name FROM sqlite_master WHERE name = 'history'").length) results.push(read(query))
    } finally {
      database.close()
    }
  }
  return results
}

/** How often logs under `persistTo` have been compacted. */
export const compactions = (persistTo) =>
  rooms(persistTo, (query) => query('SELECT COUNT(*) AS n FROM history')[0].n)
    .reduce((sum, n) => sum + n, 0)
