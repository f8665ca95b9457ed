// The algebra of updates against stock Yjs, on random histories.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import * as Y from 'yjs'
import { fromColumns } from '../columns.mjs'
import { startAlgebra } from './algebra.mjs'
import {
  clocksOf, contentOf, deletedIds, deletedIn, formatsIn, isPending, load, unitsOf
} from './compare.mjs'
import { catchUp, createHistory, editMore } from './history.mjs'
import { forSeeds } from './random.mjs'

const algebra = startAlgebra()
after(() => algebra.close())

const SEEDS = 100

/** The document of a whole log, and the ids of its formats. */
const expect = log => ({ doc: load(log), formats: formatsIn(log) })

const assertSameDocument = (doc, expected, what) => {
  const formats = expected.formats
  assert.ok(!isPending(doc), `${what}: something is pending`)
  assert.equal(contentOf(doc), contentOf(expected.doc), what)
  assert.deepEqual(deletedIn(doc, formats), deletedIn(expected.doc, formats), `${what}: deleted ids`)
}

/** Of two updates that hold the same deleted id, one may have dropped its content already. */
const assertSameUpdate = (update, expected, what) => {
  const [deleted, units] = [deletedIds(expected), unitsOf(update)]
  const drop = ([id, unit]) => [id, deleted.has(id) ? 'deleted' : unit]
  assert.deepEqual(new Map([...units].map(drop)), new Map([...unitsOf(expected)].map(drop)), what)
  assert.deepEqual(deletedIds(update), deleted, `${what}: delete set`)
}

/** A state vector that somebody in the course of the history might have, or nobody. */
const someStateVector = (random, log) => {
  const clocks = clocksOf(Y.encodeStateVector(load(log)))
  const part = clocks.filter(() => random.chance(0.7)).map(([client, clock]) => [client, random.below(clock + 2)])
  return Y.encodeStateVector(new Map(part.filter(([, clock]) => clock > 0)))
}

const someUpdates = (random, log) => log.filter(() => random.chance(0.6))

test('C1 merge says what Y.mergeUpdates says', async () => {
  await forSeeds(SEEDS, async random => {
    const { log } = createHistory(random)
    const expected = expect(log)
    assertSameDocument(load([await algebra.merge(log)]), expected, 'the whole log')
    const some = random.shuffle(someUpdates(random, log))
    const merged = await algebra.merge(some)
    assertSameUpdate(merged, Y.mergeUpdates([new Uint8Array([0, 0]), ...some]), 'some updates')
    assertSameDocument(load([...log, merged]), expected, 'some on top of all')
    assertSameDocument(load([await algebra.merge([merged, ...log])]), expected, 'some and all')
  })
})

test('C1 diff says what Y.diffUpdate says', async () => {
  await forSeeds(SEEDS, async random => {
    const { log } = createHistory(random)
    const known = someStateVector(random, log)
    const updates = random.chance(0.5) ? log : someUpdates(random, log)
    const merged = Y.mergeUpdates([new Uint8Array([0, 0]), ...updates])
    assertSameUpdate(await algebra.diff(updates, known), Y.diffUpdate(merged, known), 'diff')
    const prefix = log.slice(0, random.below(log.length + 1))
    const rest = await algebra.diff(log, Y.encodeStateVector(load(prefix)))
    assertSameDocument(load([...prefix, rest]), expect(log), 'a prefix and the rest')
  })
})

test('C1 state vectors are those of Y.encodeStateVectorFromUpdate', async () => {
  await forSeeds(SEEDS, async random => {
    const { log, server } = createHistory(random)
    for (const update of [...log, Y.mergeUpdates(someUpdates(random, log).concat(log[0] ?? [])), Y.encodeStateAsUpdate(server)]) {
      const vector = await algebra.stateVector(update)
      assert.deepEqual(clocksOf(vector), clocksOf(Y.encodeStateVectorFromUpdate(update)))
    }
    const whole = await algebra.stateVector(await algebra.merge(log))
    assert.deepEqual(whole, Y.encodeStateVector(server), 'byte for byte')
  })
})

test('C1 compact keeps the document and drops what is deleted', async () => {
  await forSeeds(SEEDS, async random => {
    const { log, authors } = createHistory(random)
    const author = random.pick(authors)
    catchUp(author, log)
    const expected = expect(log)
    const compacted = await algebra.compact(log)
    for (const gc of [true, false]) assertSameDocument(load([compacted], { gc }), expected, `gc ${gc}`)
    assert.deepEqual(await algebra.compact([compacted]), compacted, 'idempotent')
    assert.deepEqual(await algebra.stateVector(compacted), Y.encodeStateVector(expected.doc))
    assert.deepEqual(await algebra.deleteSet([compacted]), await algebra.deleteSet(log))
    assertDeletedContentIsGone(compacted)

    assertSameDocument(load([...log, compacted]), expected, 'on top of the log')
    assertSameDocument(load([compacted, ...log]), expected, 'below the log')
    const at = random.below(log.length + 1)
    const start = await algebra.compact(log.slice(0, at))
    assertSameDocument(load([start, ...log.slice(at)]), expected, 'a compacted prefix')
    const again = await algebra.compact([start, ...log.slice(at)])
    assertSameDocument(load([again]), expected, 'compacted in two steps')

    // Not compared with the memory of an author: Yjs cuts pairs there also for edits that change
    // nothing, and tells nobody.
    const loaded = load([compacted])
    const edits = editMore(random, author.doc)
    for (const update of edits) Y.applyUpdate(loaded, update)
    edits.push(...editMore(random, loaded))
    assertSameDocument(load([compacted, ...edits]), expect([...log, ...edits]), 'edits on top')
  })
})

test('C1 an update comes back from columns byte for byte', async () => {
  await forSeeds(SEEDS, async random => {
    const { log, server } = createHistory(random)
    const whole = Y.encodeStateAsUpdate(server)
    for (const update of [await algebra.compact(log), await algebra.merge(log), await algebra.merge([whole])]) {
      const columns = await algebra.toColumns(update)
      assert.deepEqual(await algebra.fromColumns(columns), update)
      assert.deepEqual(fromColumns(columns), update, 'read by other code')
    }
    // Yjs writes deleted ranges in the order in which they came.
    const back = await algebra.fromColumns(await algebra.toColumns(whole))
    assertSameDocument(load([back]), expect(log), 'what Yjs wrote')
  })
})

const assertDeletedContentIsGone = update => {
  const { structs, ds } = Y.decodeUpdate(update)
  const isGone = struct => struct instanceof Y.GC ||
    [Y.ContentDeleted, Y.ContentType].some(kind => struct.content instanceof kind)
  for (const struct of structs) {
    const overlaps = ({ clock, len }) => clock < struct.id.clock + struct.length && struct.id.clock < clock + len
    const deleted = (ds.clients.get(struct.id.client) ?? []).some(overlaps)
    assert.ok(!deleted || isGone(struct), 'deleted content is still there')
  }
}

test('O1 a log in causal order is admitted as it is', async () => {
  await forSeeds(SEEDS, async random => {
    const { log, server } = createHistory(random)
    const room = createRoom()
    for (const update of log) {
      const admission = await room.offer(update)
      assert.ok(!admission.missing)
      if (!admission.repeats) assert.deepEqual(admission.fresh, update, 'all of it, untouched')
      await assertBringsNothingNew(room, update)
    }
    assertSameDocument(room.doc, expect(log), 'the log')
    assert.deepEqual(room.known, Y.encodeStateVector(server))
  })
})

test('O1 in any other order only what is ready is admitted', async () => {
  let missed = 0
  await forSeeds(SEEDS, async random => {
    const { log } = createHistory(random)
    const room = createRoom()
    let waiting = random.shuffle(log)
    for (let i = 0; i < waiting.length; i += 3) {
      if (random.chance(0.3)) waiting.splice(i, 2, Y.mergeUpdates(waiting.slice(i, i + 2)))
    }
    while (waiting.length > 0) {
      const rest = []
      let progress = false
      for (const update of waiting) {
        const admission = await room.offer(update)
        progress ||= !admission.missing || admission.fresh.length > 2
        if (admission.missing) {
          rest.push(update)
          missed++
        } else {
          await assertBringsNothingNew(room, update)
        }
      }
      assert.ok(progress, 'what is left waits for nothing')
      waiting = rest
    }
    assertSameDocument(room.doc, expect(log), 'everything, in the end')
  })
  assert.ok(missed > 0, 'nothing ever came too early')
})

/** What a room does: keep the admitted parts, in a stock document for comparison. */
const createRoom = () => {
  const doc = new Y.Doc()
  const room = {
    doc,
    known: Y.encodeStateVector(doc),
    offer: async update => {
      const before = Y.decodeStateVector(room.known)
      const admission = await algebra.admit(update, room.known)
      const clocks = new Map(clocksOf(admission.ends))
      const { structs, ds } = Y.decodeUpdate(admission.fresh)
      for (const { id } of structs) {
        assert.ok(id.clock >= (before.get(id.client) ?? 0), 'brings what is known')
      }
      assert.deepEqual(new Set(structs.map(struct => struct.id.client)), new Set(clocks.keys()))
      assert.equal(admission.hasDeletes, ds.clients.size > 0)
      Y.applyUpdate(doc, admission.fresh)
      assert.ok(!isPending(doc), 'something is pending')
      room.known = Y.encodeStateVector(doc)
      assert.deepEqual(clocksOf(room.known), [...new Map([...before, ...clocks])].sort((a, b) => a[0] - b[0]))
      return admission
    }
  }
  return room
}

const assertBringsNothingNew = async (room, update) => {
  const again = await algebra.admit(update, room.known)
  assert.ok(again.repeats && !again.missing)
  assert.equal(Y.decodeUpdate(again.fresh).structs.length, 0)
}

test('C1 known deletions are left out, and only these', async () => {
  await forSeeds(SEEDS, async random => {
    const { log } = createHistory(random)
    const [update, other] = [await algebra.merge(log), await algebra.merge(someUpdates(random, log))]
    const known = await algebra.deleteSet([other])
    const rest = await algebra.withoutDeletes(update, known)
    assert.deepEqual(unitsOf(rest), unitsOf(update))
    const expected = [...deletedIds(update)].filter(id => !deletedIds(other).has(id))
    assert.deepEqual([...deletedIds(rest)].sort(), expected.sort())
  })
})
