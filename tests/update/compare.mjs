// What two updates or two documents have in common, in a form that can be compared.
import { inspect } from 'node:util'
import * as Y from 'yjs'

const show = value => inspect(value, { depth: null, breakLength: Infinity, maxArrayLength: null, maxStringLength: null })

/** A document that took these updates one after another. */
export const load = (updates, options) => {
  const doc = new Y.Doc(options)
  for (const update of updates) Y.applyUpdate(doc, update)
  return doc
}

export const isPending = doc => doc.store.pendingStructs !== null || doc.store.pendingDs !== null

/** Everything that an application can read from a document, and its state vector. */
export const contentOf = doc => {
  const roots = {
    t: readType(doc.getText('t')),
    m: readType(doc.getMap('m')),
    a: readType(doc.getArray('a')),
    x: readType(doc.getXmlFragment('x'))
  }
  return show({ roots, clocks: clocksOf(Y.encodeStateVector(doc)) })
}

const readType = value => {
  if (value instanceof Y.Doc) return ['doc', value.guid, value.gc, value.autoLoad, value.meta]
  if (!(value instanceof Y.AbstractType)) return value
  const name = value.nodeName ?? value.hookName ?? ''
  const entries = [...value._map.keys()].sort()
    .filter(key => !value._map.get(key).deleted)
    .map(key => [key, readType(value._map.get(key).content.getContent().at(-1))])
  const isText = value instanceof Y.Text
  const children = isText
    ? value.toDelta().map(op => [readType(op.insert), op.attributes])
    : value._start === null ? [] : readList(value)
  return [value.constructor.name, name, entries, children]
}

const readList = type => {
  const values = []
  for (let item = type._start; item !== null; item = item.right) {
    if (!item.deleted && item.countable) values.push(...item.content.getContent().map(readType))
  }
  return values
}

/** A state vector as a sorted list. */
export const clocksOf = stateVector => [...Y.decodeStateVector(stateVector)].sort((a, b) => a[0] - b[0])

const idsOf = ds => new Set([...ds.clients].flatMap(([client, ranges]) =>
  ranges.flatMap(({ clock, len }) => Array.from({ length: len }, (_, i) => `${client}:${clock + i}`))))

/** The ids of the formats in these updates. */
export const formatsIn = updates => new Set(updates.flatMap(update =>
  Y.decodeUpdate(update).structs.filter(struct => struct.content instanceof Y.ContentFormat)
    .map(struct => idOf(struct.id))))

/**
 * Every id that is deleted in a document, but for `formats`: a document that gets a format bit by
 * bit may delete what of it is redundant, one that gets it in one piece does not.
 */
export const deletedIn = (doc, formats) =>
  [...idsOf(Y.createDeleteSetFromStructStore(doc.store))].filter(id => !formats.has(id)).sort()

/** Every id in the delete set of an update. */
export const deletedIds = update => idsOf(Y.decodeUpdate(update).ds)

const idOf = id => id && `${id.client}:${id.clock}`

const parentOf = parent => (parent instanceof Y.ID ? idOf(parent) : parent)

/**
 * What each id of an update says: how updates compare, however they are cut into structs. Halves of
 * surrogate pairs count as U+FFFD, because whether a pair was cut before it was encoded is chance.
 */
export const unitsOf = update => {
  const units = new Map()
  for (const struct of Y.decodeUpdate(update).structs) {
    const { client, clock } = struct.id
    const kind = struct.constructor.name
    if (kind === 'Skip') continue
    const values = kind === 'Item' ? unitValues(struct.content, struct.length) : []
    for (let i = 0; i < struct.length; i++) {
      const id = `${client}:${clock + i}`
      if (kind === 'GC') {
        units.set(id, 'GC')
        continue
      }
      const origin = i === 0 ? idOf(struct.origin) : `${client}:${clock + i - 1}`
      const under = origin || struct.rightOrigin ? [] : [parentOf(struct.parent), struct.parentSub]
      units.set(id, show([origin, idOf(struct.rightOrigin), ...under, values[i]]))
    }
  }
  return new Map([...units].sort((a, b) => (a[0] < b[0] ? -1 : 1)))
}

const unitValues = (content, length) => {
  const name = content.constructor.name
  switch (name) {
    case 'ContentDeleted': return Array(length).fill('deleted')
    case 'ContentString': return content.str.split('').map(unit => unit.replace(/[\ud800-\udfff]/, '\ufffd'))
    case 'ContentAny': return content.arr.map(value => ['any', value])
    case 'ContentJSON': return content.arr.map(value => ['json', value])
    case 'ContentType': return [[content.type.constructor.name, content.type.nodeName ?? content.type.hookName]]
    case 'ContentDoc': return [['doc', content.doc.guid, content.opts]]
    case 'ContentBinary': return [content.content]
    case 'ContentEmbed': return [['embed', content.embed]]
    case 'ContentFormat': return [['format', content.key, content.value]]
  }
  throw new Error(`what is ${name}?`)
}
