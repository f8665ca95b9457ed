// D1, D2: a disk that is full takes nothing back. Writers lose their connection instead of being told
// that all is well, and when there is room again they bring what was not acknowledged.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { NativeClient } from './support/native_client.mjs'
import { Server, freshDocument } from './support/server.mjs'
import { converged } from './support/stock_client.mjs'
import { until } from './support/until.mjs'

const run = (...args) => spawnSync(args[0], args.slice(1), { encoding: 'utf8' })

describe('a full disk', () => {
  let folder, mounted, server
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'selvedge-full-'))
    mounted = run('mount', '-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', folder).status === 0
    if (mounted) server = await Server.start({ persistTo: folder })
  })
  after(async () => {
    await server?.stop()
    if (mounted) run('umount', '-l', folder)
    await rm(folder, { recursive: true, force: true })
  })

  test('d1, d2: cuts writers off, loses nothing, and is over when there is room', { timeout: 120_000 }, async (t) => {
    if (!mounted) return t.skip('only a superuser can mount a small disk')
    const document = freshDocument('full')
    const writer = await new NativeClient(server, document).connect()
    const reader = await new NativeClient(server, document).connect()
    const array = writer.doc.getArray('tokens')
    let acked = 0
    while (!writer.socket.closed) {
      array.push([randomBytes(48_000).toString('base64')])
      await until('an ack or a close', () => writer.outbox.size === 0 || writer.socket.closed)
      if (writer.outbox.size === 0) acked = array.length
    }
    t.diagnostic(`${acked} rows acknowledged, then closed with ${writer.socket.closed.code}`)
    // 4500 if the statement fails. Where it is the commit behind it that fails, the platform resets
    // the object and cuts its sockets.
    assert.ok([4500, 1006].includes(writer.socket.closed.code), `closed with ${writer.socket.closed.code}`)
    await reader.socket.closing()
    const shown = reader.doc.getArray('tokens').length
    // Nobody comes near until the server has crashed on the full disk and there is room again.
    await server.kill()
    assert.equal(run('mount', '-o', 'remount,size=64m', folder).status, 0)
    await server.again()
    const late = await new NativeClient(server, document).connect()
    const kept = late.doc.getArray('tokens').length
    assert.ok(kept >= acked && kept >= shown, `${kept} kept, ${acked} acknowledged, ${shown} shown`)
    await writer.connect()
    await writer.saved()
    await converged([writer.doc, late.doc])
    assert.equal(array.length, acked + 1)
    assert.equal(late.epoch, writer.epoch)
    await Promise.all([writer.close(), late.close()])
  })
})
