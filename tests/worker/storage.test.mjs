// Storage that is damaged, old or new: the document opens with everything else, and nothing that is
// stored is thrown away. A room's database is changed while no server runs.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib'
import { fromColumns } from '../columns.mjs'
import { NativeClient } from './support/native_client.mjs'
import { RawSocket } from './support/raw_socket.mjs'
import { Server, freshDocument } from './support/server.mjs'
import { StockClient, converged, sameState } from './support/stock_client.mjs'
import { databases, dump, withDatabase } from './support/storage.mjs'
import { native } from './support/wire.mjs'
import { until } from './support/until.mjs'

/** More than a room leaves uncompacted. */
const LARGE = 'words '.repeat(60_000)

const VERSION_1 = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE log (
    sequence INTEGER PRIMARY KEY, updates INTEGER NOT NULL, at_ms INTEGER NOT NULL,
    deletes INTEGER NOT NULL, bytes INTEGER NOT NULL, clocks BLOB NOT NULL, body BLOB
  );
  CREATE TABLE snapshot (
    sequence INTEGER PRIMARY KEY, bytes INTEGER NOT NULL, state_vector BLOB NOT NULL
  );
  CREATE TABLE history (
    sequence INTEGER PRIMARY KEY, first INTEGER NOT NULL, bytes INTEGER NOT NULL
  );
  CREATE TABLE piece (
    owner INTEGER NOT NULL, sequence INTEGER NOT NULL, part INTEGER NOT NULL,
    body BLOB NOT NULL, PRIMARY KEY (owner, sequence, part)
  ) WITHOUT ROWID;
`

describe('storage', () => {
  let server
  before(async () => { server = await Server.start() })
  after(() => server.stop())

  /** A new document that `write` fills, and the file of its room. */
  const documentOf = async (what, write) => {
    const others = new Set(databases(server.persistTo))
    const document = freshDocument(what)
    const result = await write(document)
    const [file, ...more] = databases(server.persistTo).filter((file) => !others.has(file))
    assert.ok(file && more.length === 0, 'one room has one file')
    return { document, file, ...result }
  }

  /** Changes a file while nothing runs. */
  const change = async (file, edit) => {
    await server.kill()
    withDatabase(file, edit, { readOnly: false })
    await server.again()
  }

  /** Waits until the worker's log says so. */
  const logs = (what) =>
    until(() => `${what} in ${server.running.output()}`, () => what.test(server.running.output()))

  /** A client that connects again until it is served, as every client does. */
  const served = async (client) => {
    await until('the room to serve', () => client.connect().catch(({ code }) => {
      assert.ok(code === 1012, `closed with ${code}`)
    }), { every: 50 })
    return client
  }

  const quarantine = (file) =>
    withDatabase(file, (query) => query('SELECT * FROM quarantine ORDER BY id'))

  /** One row each by three authors; the third's stands behind the second's. Then one more. */
  const fourRows = async (document) => {
    const [one, two, three, four] = await Promise.all([1, 2, 3, 4].map(() =>
      new NativeClient(server, document).connect()))
    const write = async (client, index, string) => {
      await until('what was written before', () => client.doc.getText('text').length >= index)
      client.doc.getText('text').insert(index, string)
      await client.saved()
    }
    await write(one, 0, 'one ')
    await write(two, 4, 'two ')
    await write(three, 8, 'three ')
    four.doc.getMap('map').set('key', 'four')
    await four.saved()
    await converged([one, two, three, four].map(({ doc }) => doc))
    return { witness: one, author: three }
  }

  test('d2: a damaged row is named and kept, all else is served, and one who has it gives it back', async () => {
    const { document, file, witness } = await documentOf('damaged', fourRows)
    assert.equal(witness.sequence, 4)
    let damaged
    await change(file, (query) => {
      damaged = Buffer.from(query('SELECT body FROM log WHERE sequence = 2')[0].body)
      damaged[damaged.length - 3] ^= 1
      query('UPDATE log SET body = ? WHERE sequence = 2', damaged)
    })
    const reader = await served(new NativeClient(server, document))
    assert.equal(reader.doc.getText('text').toString(), 'one ')
    assert.equal(reader.doc.getMap('map').get('key'), 'four')
    await logs(/"quarantined".*"part":"Row","reason":"damaged: checksum[^"]*","sequence":2/)
    const [lost, waiting, ...more] = quarantine(file)
    assert.deepEqual([lost.part, lost.sequence, lost.waits], [0, 2, 0])
    assert.deepEqual([waiting.sequence, waiting.waits, waiting.returned], [3, 1, null])
    assert.deepEqual(more, [])
    const kept = withDatabase(file, (query) => query('SELECT body FROM log WHERE sequence = 2')[0].body)
    assert.ok(damaged.equals(kept), 'the row is as it was')

    // Writing goes on, and whoever had it gives it back.
    reader.doc.getMap('map').set('since', 'then')
    await reader.saved()
    await witness.connect()
    await converged([witness.doc, reader.doc])
    assert.equal(reader.doc.getText('text').toString(), 'one two three ')
    assert.equal(witness.doc.getMap('map').get('since'), 'then')
    assert.equal(witness.epoch, reader.epoch)
    const late = await new NativeClient(server, document).connect()
    assert.ok(sameState(late.doc, witness.doc))
    for (const client of [reader, witness, late]) await client.close()
    await server.restart()
    const again = await new NativeClient(server, document).connect()
    assert.ok(sameState(again.doc, witness.doc))
    await again.close()
  })

  test('d2: what waits comes back although its author is gone', async () => {
    const { document, file, witness, author } = await documentOf('waits', async (document) => {
      // One who has the damaged row only.
      const early = await new NativeClient(server, document).connect()
      early.doc.getText('text').insert(0, 'lost ')
      await early.saved()
      const author = await new NativeClient(server, document).connect()
      await early.close()
      author.doc.getText('text').insert(5, 'behind')
      await author.saved()
      await author.close()
      return { witness: early, author }
    })
    assert.deepEqual([witness.sequence, author.sequence], [1, 2])
    await change(file, (query) => query("UPDATE log SET clocks = x'00' WHERE sequence = 1"))
    const stock = new StockClient(server, document)
    await stock.connect()
    assert.equal(stock.text().toString(), '')
    await served(witness)
    await until('all of it', () => stock.text().toString() === 'lost behind')
    const [, waiting] = quarantine(file)
    assert.ok(waiting.returned > 3, `returned with ${waiting.returned}`)
    stock.destroy()
    await witness.close()
  })

  const compacted = async (document) => {
    const writer = await new NativeClient(server, document).connect()
    writer.doc.getText('text').insert(0, LARGE)
    await writer.saved()
    writer.doc.getText('text').delete(100, 1_000)
    await writer.saved()
    await until('the compaction', () => databases(server.persistTo).some((file) => {
      const [head] = withDatabase(file, (query) => query('SELECT sequence FROM snapshot'))
      return head && writer.doc.clientID === clientIn(file)
    }))
    writer.doc.getText('text').insert(0, 'behind it ')
    await writer.saved()
    await writer.close()
    return { writer }
  }

  /** The only author of a room, from the clocks of its last snapshot. */
  const clientIn = (file) => withDatabase(file, (query) => {
    const [{ state_vector: vector }] = query('SELECT state_vector FROM snapshot ORDER BY rowid DESC LIMIT 1')
    let client = 0
    for (let i = 1, shift = 1; i < vector.length; i++, shift *= 128) {
      client += (vector[i] & 127) * shift
      if (vector[i] < 128) break
    }
    return client
  })

  test('d2: a damaged snapshot is rebuilt from the history', async () => {
    const { document, file, writer } = await documentOf('snapshot', compacted)
    let damaged
    await change(file, (query) => {
      damaged = Buffer.from(query('SELECT body FROM piece WHERE owner = 1')[0].body)
      damaged[damaged.length >> 1] ^= 1
      query('UPDATE piece SET body = ? WHERE owner = 1', damaged)
    })
    const reader = await served(new NativeClient(server, document))
    assert.ok(sameState(reader.doc, writer.doc))
    const [mark, ...more] = quarantine(file)
    assert.deepEqual([mark.part, mark.sequence, more.length], [1, 2, 0])
    assert.match(mark.reason, /rebuilt from history, whole/)
    await logs(/"quarantined".*"part":"Snapshot".*"sequence":2/)
    const pieces = withDatabase(file, (query) =>
      query('SELECT body FROM piece WHERE owner = 1 ORDER BY sequence'))
    assert.ok(pieces.length === 2 && damaged.equals(pieces[0].body), 'the snapshot is as it was')
    await reader.close()
  })

  /** What version 3 would have written: documents that are deflated and not in columns. */
  const toVersion3 = (query, database) => {
    for (const { id } of query('SELECT id FROM snapshot')) {
      const pieces = query('SELECT body FROM piece WHERE owner = 1 AND sequence = ? ORDER BY part', id)
      const document = fromColumns(inflateRawSync(Buffer.concat(pieces.map(({ body }) => body))))
      query('DELETE FROM piece WHERE owner = 1 AND sequence = ?', id)
      query('INSERT INTO piece VALUES (1, ?, 0, ?)', id, deflateRawSync(document))
    }
    database.exec('ALTER TABLE snapshot DROP COLUMN packed_checksum')
    query("UPDATE meta SET value = 3 WHERE key = 'version'")
  }

  /** What version 1 would have written. */
  const toVersion1 = (query, database) => {
    toVersion3(query, database)
    const log = query('SELECT sequence, updates, at_ms, deletes, bytes, clocks, body FROM log')
    const snapshot = query('SELECT sequence, bytes, state_vector, id FROM snapshot')
    const history = query('SELECT sequence, first, bytes FROM history')
    const piece = query('SELECT owner, sequence, part, body FROM piece')
    const meta = query('SELECT key, value FROM meta')
    for (const table of ['log', 'snapshot', 'history', 'piece', 'meta', 'quarantine', 'subject']) {
      database.exec(`DROP TABLE ${table}`)
    }
    database.exec(VERSION_1)
    const insert = (table, rows) => {
      for (const row of rows) {
        const values = Object.values(row)
        query(`INSERT INTO ${table} VALUES (${values.map(() => '?')})`, ...values)
      }
    }
    const ofSnapshot = (id) => snapshot.find((row) => row.id === id).sequence
    insert('log', log)
    insert('snapshot', snapshot.map(({ id, ...row }) => row))
    insert('history', history)
    insert('piece', piece.map((row) => row.owner === 1
      ? { ...row, sequence: ofSnapshot(row.sequence) }
      : row))
    insert('meta', meta.map(({ key, value }) => ({ key, value: key === 'version' ? 1 : value })))
  }

  /** What version 2 would have written, with the checksums that it had. */
  const toVersion2 = (query, database) => {
    toVersion3(query, database)
    const rows = query('SELECT * FROM log')
    const [{ mark }] = query("SELECT COUNT(*) AS mark FROM quarantine")
    assert.equal(mark, 0)
    for (const [table, columns] of [
      ['log', ['authors', 'chain', 'decisions']],
      ['snapshot', ['authors', 'chain']],
      ['quarantine', ['lost']]
    ]) {
      columns.forEach((column) => database.exec(`ALTER TABLE ${table} DROP COLUMN ${column}`))
    }
    database.exec('DROP TABLE subject')
    const u64 = (number) => {
      const bytes = Buffer.alloc(8)
      bytes.writeBigUInt64LE(BigInt(number))
      return bytes
    }
    const u32 = (number) => u64(number).subarray(0, 4)
    for (const { sequence, updates, at_ms: at, deletes, bytes, clocks, body } of rows) {
      const head = crc32(Buffer.concat([u64(sequence), u32(updates), u64(bytes), clocks]))
      const rest = crc32(Buffer.concat([u64(at), Buffer.from([deletes]), body]))
      query('UPDATE log SET head_checksum = ?, checksum = ? WHERE sequence = ?', head, rest, sequence)
    }
    for (const { id, sequence, bytes, state_vector: vector } of query('SELECT * FROM snapshot')) {
      const head = crc32(Buffer.concat([u64(sequence), u64(bytes), vector]))
      query('UPDATE snapshot SET head_checksum = ? WHERE id = ?', head, id)
    }
    query("UPDATE meta SET value = 2 WHERE key = 'version'")
  }

  const schema = (file) => withDatabase(file, (query) =>
    ['meta', 'log', 'snapshot', 'history', 'piece', 'quarantine', 'subject']
      .map((table) => query(`PRAGMA table_info(${table})`)))

  test('d2: version 1 is migrated with all that it holds', async () => {
    const { document, file, writer } = await documentOf('version-1', compacted)
    const before = schema(file)
    await change(file, toVersion1)
    const reader = await new NativeClient(server, document).connect()
    assert.ok(sameState(reader.doc, writer.doc))
    assert.equal(reader.epoch, writer.epoch)
    assert.deepEqual(schema(file), before, 'the tables of a new document')
    const [{ n }] = withDatabase(file, (query) =>
      query('SELECT COUNT(*) AS n FROM log WHERE checksum IS NULL OR head_checksum IS NULL'))
    assert.equal(n, 0)
    // Its history serves as well as one with checksums.
    await reader.close()
    await change(file, (query) => query('UPDATE snapshot SET checksum = checksum + 1'))
    const again = await served(new NativeClient(server, document))
    assert.ok(sameState(again.doc, writer.doc))
    await again.close()
  })

  test('d2: version 2 is migrated with all that it holds', async () => {
    const { document, file, writer } = await documentOf('version-2', compacted)
    const before = schema(file)
    await change(file, toVersion2)
    const reader = await new NativeClient(server, document).connect()
    assert.ok(sameState(reader.doc, writer.doc))
    assert.equal(reader.epoch, writer.epoch)
    assert.deepEqual(schema(file), before, 'the tables of a new document')
    assert.deepEqual(quarantine(file), [], 'its checksums are right')
    // What is written from now on is chained.
    reader.doc.getText('text').insert(0, 'more ')
    await reader.saved()
    const [{ chain }] = withDatabase(file, (query) =>
      query('SELECT chain FROM log ORDER BY sequence DESC LIMIT 1'))
    assert.equal(chain.length, 32)
    await reader.close()
  })

  test('d2: version 3 is migrated with all that it holds, and what is damaged stays so', async () => {
    const { document, file, writer } = await documentOf('version-3', compacted)
    const before = schema(file)
    await change(file, toVersion3)
    const reader = await new NativeClient(server, document).connect()
    assert.ok(reader.socket.messages.some(({ kind }) => kind === 'document'), 'as it is stored')
    assert.ok(sameState(reader.doc, writer.doc))
    assert.equal(reader.epoch, writer.epoch)
    assert.deepEqual(schema(file), before, 'the tables of a new document')
    assert.deepEqual(quarantine(file), [])
    await reader.close()

    // A bit of a text: it can be inflated, and is not what was written.
    await change(file, (query, database) => {
      toVersion3(query, database)
      const [{ sequence, body }] = query('SELECT sequence, body FROM piece WHERE owner = 1')
      const document = inflateRawSync(body)
      document[document.length - 20] ^= 1
      query('UPDATE piece SET body = ? WHERE owner = 1 AND sequence = ?', deflateRawSync(document), sequence)
    })
    const again = await served(new NativeClient(server, document))
    assert.ok(sameState(again.doc, writer.doc), 'from the history')
    const [mark] = quarantine(file)
    assert.equal(mark.part, 1)
    await again.close()
  })

  test('d2: a migration that fails half way leaves version 1 as it was', async () => {
    const { document, file, writer } = await documentOf('half-way', compacted)
    await change(file, (query, database) => {
      toVersion1(query, database)
      database.exec('CREATE TABLE quarantine (in_the_way INTEGER)')
    })
    const before = dump(file)
    const socket = await RawSocket.open(server, document, 'native')
    assert.equal((await socket.closing()).code, 4500)
    assert.equal(dump(file), before)
    await change(file, (_, database) => database.exec('DROP TABLE quarantine'))
    const reader = await new NativeClient(server, document).connect()
    assert.ok(sameState(reader.doc, writer.doc))
    await reader.close()
  })

  test('d2: storage of a newer build is refused and not touched', async () => {
    const { document, file, witness } = await documentOf('newer', fourRows)
    const version = (number) => (query) =>
      query("UPDATE meta SET value = ? WHERE key = 'version'", number)
    await change(file, version(99))
    const before = dump(file)
    for (const dialect of ['native', 'stock']) {
      const socket = await RawSocket.open(server, document, dialect)
      const { code, reason } = await socket.closing()
      assert.equal(code, 1013, reason)
    }
    const socket = await RawSocket.open(server, document, 'native')
    socket.send(native.hello())
    await socket.closing()
    assert.equal(dump(file), before)
    await logs(/version 99, and this build knows 4/)
    await change(file, version(4))
    const reader = await new NativeClient(server, document).connect()
    assert.ok(sameState(reader.doc, witness.doc))
    await reader.close()
  })
})
