// Damaged updates: nothing makes the algebra panic, and what it admits never hurts stock Yjs.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import * as Y from 'yjs'
import { Malformed, startAlgebra } from './algebra.mjs'
import { contentOf, isPending, load } from './compare.mjs'
import { createHistory } from './history.mjs'
import { forSeeds } from './random.mjs'

const algebra = startAlgebra()
after(() => algebra.close())

const SEEDS = 100
const MUTANTS = 30

const HUGE = [[0xff, 0xff, 0xff, 0xff, 0x0f], [0x80, 0x80, 0x80, 0x80, 0x10], [0xff, 0x7f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f], [0xfe, 0xff, 0xff, 0xff, 0x0f]]

const mutate = (random, update, other) => {
  let bytes = [...update]
  for (let times = 1 + random.below(3); times > 0; times--) {
    const at = random.below(bytes.length)
    switch (random.below(9)) {
      case 0: bytes = bytes.slice(0, at); break
      case 1: bytes.splice(at, random.below(2), ...random.pick(HUGE)); break
      case 2: bytes.splice(at, 1 + random.below(4)); break
      case 3: bytes.splice(at, random.below(4), ...other.slice(at, at + random.below(12))); break
      case 4: bytes[at] ^= 1 << random.below(8); break
      // A struct or a value of another kind where one is likely to be.
      case 5: bytes[at] = (bytes[at] & 0xe0) | random.below(11); break
      case 6: bytes[at] = 116 + random.below(12); break
      default: bytes[at] = random.chance(0.5) ? random.below(256) : random.below(4)
    }
  }
  return Uint8Array.from(bytes)
}

/** An answer, or null if the algebra says that the bytes are not an update. */
const unlessMalformed = promise => promise.catch(error => {
  if (error instanceof Malformed) return null
  throw error
})

const hex = bytes => Buffer.from(bytes).toString('hex')

test('S1 what is admitted of a damaged update does no harm to stock Yjs', async () => {
  const counts = { refused: 0, nothing: 0, part: 0, whole: 0 }
  await forSeeds(SEEDS, async random => {
    const { log } = createHistory(random, 12)
    const at = random.below(log.length)
    const base = Y.encodeStateAsUpdate(load(log.slice(0, at)))
    const known = Y.encodeStateVectorFromUpdate(base)
    const update = random.chance(0.8) ? log[at] : Y.mergeUpdates(log.slice(at))
    for (let i = 0; i < MUTANTS; i++) {
      const mutant = mutate(random, update, random.pick(log))
      const admission = await unlessMalformed(algebra.admit(mutant, known))
      if (admission === null) {
        counts.refused++
        continue
      }
      const { fresh, missing } = admission
      counts[fresh.length === 2 ? 'nothing' : missing ? 'part' : 'whole']++
      const bytes = `base ${hex(base)} update ${hex(mutant)}`
      try {
        const doc = watched(load([base]))
        Y.applyUpdate(doc, fresh)
        assert.ok(!isPending(doc), 'something is pending')
        contentOf(doc)
        contentOf(load([Y.encodeStateAsUpdate(doc)]))
        contentOf(load([await algebra.compact([base, fresh])]))
      } catch (error) {
        error.message += ` ${bytes}`
        throw error
      }
    }
  })
  for (const [kind, count] of Object.entries(counts)) assert.ok(count > 0, `no mutant was ${kind}`)
})

/** With observers that look at all that Yjs tells, as editors do. */
const watched = doc => {
  const look = events => events.forEach(event => [event.changes, event.keys, event.path])
  for (const type of [doc.getText('t'), doc.getMap('m'), doc.getArray('a'), doc.getXmlFragment('x')]) {
    type.observeDeep(look)
  }
  return doc
}

test('S1 damaged updates end in an answer from every function', async () => {
  await forSeeds(SEEDS, async random => {
    const { log } = createHistory(random, 12)
    const whole = Y.mergeUpdates(log)
    const known = Y.encodeStateVectorFromUpdate(random.pick(log))
    for (let i = 0; i < MUTANTS; i++) {
      const mutants = [random.pick(log), whole].map(update => mutate(random, update, whole))
      const [one] = mutants
      const answers = await Promise.all([
        algebra.merge([...mutants, random.pick(log)]),
        algebra.merge([one, random.pick(log)]),
        algebra.diff([one, whole], known),
        algebra.diff([one], mutate(random, known, one)),
        algebra.compact([one, whole]),
        algebra.compact([whole, one]),
        algebra.stateVector(one),
        algebra.deleteSet(mutants),
        algebra.withoutDeletes(one, new Uint8Array([0])),
        algebra.withoutDeletes(whole, mutate(random, new Uint8Array([1, 120, 1, 0, 3]), one)),
        algebra.admit(one, mutate(random, known, one))
      ].map(unlessMalformed))
      const columns = mutate(random, await algebra.toColumns(whole), one)
      // That need not be an update.
      await unlessMalformed(algebra.fromColumns(columns))
      // What comes out can go in again.
      for (const update of answers.slice(0, 6).filter(Boolean)) await algebra.stateVector(update)
      const [, , , , compacted] = answers
      if (compacted) assert.deepEqual(await algebra.compact([compacted]), compacted)
    }
  })
})
