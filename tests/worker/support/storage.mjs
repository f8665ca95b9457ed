// The rooms' databases on disk, read from outside.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** The databases of the rooms under `persistTo`. */
export const databases = (persistTo) =>
  readdirSync(persistTo, { recursive: true })
    .filter((file) => /[0-9a-f]{64}\.sqlite$/.test(file))
    .map((file) => join(persistTo, file))
    // The platform has databases of its own there.
    .filter((file) => withDatabase(file, (query) =>
      query("SELECT name FROM sqlite_master WHERE name = 'history'").length > 0))

/** Calls `use` with a database: one room's, or whatever is in the file. */
export const withDatabase = (file, use, { readOnly = true } = {}) => {
  // Who writes just now is waited for.
  const database = new DatabaseSync(file, { readOnly, timeout: 5_000 })
  try {
    return use((statement, ...values) => database.prepare(statement).all(...values), database)
  } finally {
    database.close()
  }
}

/** Everything that a database holds, as text. */
export const dump = (file) => withDatabase(file, (query) => {
  const tables = query("SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY name")
  const rows = tables.map(({ name }) => [name, query(`SELECT * FROM "${name}"`)])
  const blobs = (_, value) => value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value
  return JSON.stringify([tables, rows], blobs)
})

/** Calls `read` with a read-only database of each room under `persistTo`; returns the results. */
export const rooms = (persistTo, read) =>
  databases(persistTo).map((file) => withDatabase(file, read))

/** How often logs under `persistTo` have been compacted. */
export const compactions = (persistTo) =>
  rooms(persistTo, (query) => query('SELECT COUNT(*) AS n FROM history')[0].n)
    .reduce((sum, n) => sum + n, 0)
