// Random histories of several authors with stock Yjs, every kind of content in them.
import * as Y from 'yjs'

// No lone surrogates: Yjs keeps them in memory, sends U+FFFD, and later damages what is behind them,
// so that its own replicas differ. Halves come from edits inside of pairs, where they do not.
const WORDS = ['a', 'bc', '🌍', 'héé', 'x🌍y', 'zzzzzz', '\0', '漢字', '🌍🌍🌍', 'long '.repeat(20)]

const value = random => random.pick([
  1, -5, 2 ** 31, -(2 ** 40), 1.5, 0.1, -0, null, true, false, undefined, '', 'str🌍', 2n ** 62n,
  -1n, new Uint8Array([1, 2, 3]), { a: [1, { b: 'q' }], '': null }, [1, 2, [3, [undefined]]], []
])

const subdocument = random => new Y.Doc({
  guid: `guid${random.below(1e6)}`,
  gc: random.chance(0.5),
  autoLoad: random.chance(0.3),
  meta: random.chance(0.5) ? { some: ['meta', 1, null] } : null
})

const nested = random => random.pick([
  () => new Y.Map([['x', 1], ['y', new Y.Text('inner')]]),
  () => Y.Array.from([1, 'two', null]),
  () => new Y.Text('text🌍'),
  () => new Y.XmlElement('div'),
  () => new Y.XmlText('xml text'),
  () => new Y.XmlFragment(),
  () => new Y.XmlHook('hook'),
  () => subdocument(random)
])()

/** A place in a text or list, near the last edit more often than not. */
const position = (random, type) => {
  const last = type.lastPosition ?? 0
  const near = random.chance(0.6) ? last : random.below(type.length + 1)
  return Math.min(near, type.length)
}

const editText = (random, text) => {
  const at = position(random, text)
  const remove = Math.min(random.below(5), text.length - at)
  switch (random.below(8)) {
    case 0: return text.delete(at, remove)
    case 1: return text.format(at, remove, { bold: random.chance(0.5) || null, i: random.below(3) })
    case 2: return text.insertEmbed(at, { image: [random.below(9), null, '\ud83d'] })
    case 3: return text.insert(at, random.pick(WORDS), { color: `c${random.below(3)}` })
    case 4: return text.insertEmbed(at, random.chance(0.5) ? new Y.Map([['k', 1]]) : { x: 1 })
    default: {
      const word = random.pick(WORDS)
      text.insert(at, word)
      text.lastPosition = at + word.length
    }
  }
}

const editArray = (random, array) => {
  const at = position(random, array)
  switch (random.below(5)) {
    case 0: return array.delete(at, Math.min(random.below(4), array.length - at))
    case 1: return array.insert(at, [nested(random)])
    default: {
      // Yjs refuses a bigint as an element.
      const element = v => (typeof v === 'bigint' || v === undefined ? [{ v }] : v)
      const values = Array.from({ length: 1 + random.below(3) }, () => element(value(random)))
      array.insert(at, values)
      array.lastPosition = at + values.length
    }
  }
}

const editMap = (random, map) => {
  const key = `k${random.below(6)}`
  switch (random.below(6)) {
    case 0: return map.delete(key)
    case 1: return map.set(key, nested(random))
    default: return map.set(key, value(random))
  }
}

const editXml = (random, xml) => {
  const at = random.below(xml.length + 1)
  switch (random.below(6)) {
    case 0: return xml.length > 0 && xml.delete(random.below(xml.length), 1)
    case 1: return xml.insert(at, [new Y.XmlHook('widget')])
    case 2: return xml.insert(at, [new Y.XmlText('words')])
    case 3: if (xml instanceof Y.XmlElement) return xml.setAttribute('id', `v${random.below(9)}`)
  }
  const element = new Y.XmlElement('p')
  element.setAttribute('class', 'c')
  xml.insert(at, [element])
}

/** All types in a value of a document, itself included. */
const typesIn = type => {
  const children = [...type._map.values()].filter(item => !item.deleted).map(item => item.content)
  for (let item = type._start; item !== null; item = item.right) {
    if (!item.deleted) children.push(item.content)
  }
  const nestedTypes = children.filter(content => content instanceof Y.ContentType)
  return [type, ...nestedTypes.flatMap(content => typesIn(content.type))]
}

const edit = (random, doc) => {
  const roots = [doc.getText('t'), doc.getText('t'), doc.getMap('m'), doc.getArray('a'),
    doc.getXmlFragment('x')]
  const root = random.pick(roots)
  const type = random.chance(0.5) ? root : random.pick(typesIn(root))
  if (type instanceof Y.XmlText && random.chance(0.3)) {
    type.setAttribute('attr', random.pick(['v', 'w']))
  } else if (type instanceof Y.Text) {
    editText(random, type)
  } else if (type instanceof Y.Map) {
    editMap(random, type)
  } else if (type instanceof Y.Array) {
    editArray(random, type)
  } else {
    editXml(random, type)
  }
}

/** Content as very old versions of Yjs wrote it, which nothing can make any more. */
const legacyUpdate = client => {
  const values = ['1', '{"a":[null]}', 'undefined', '"s\\ud83d"']
  const strings = values.flatMap(text => [text.length, ...Buffer.from(text)])
  return Uint8Array.from([1, 1, client, 0, 2, 1, 1, 97, values.length, ...strings, 1, client, 1, 1, 1])
}

/**
 * A history: `log` is what a server would have stored, updates in causal order, some of them
 * overlapping; `authors` are the documents that wrote it, not all of them up to date.
 */
export const createHistory = (random, steps = 10 + random.below(60)) => {
  const log = []
  const server = new Y.Doc({ gc: false })
  const store = update => { log.push(update); Y.applyUpdate(server, update, 'server') }
  if (random.chance(0.2)) store(legacyUpdate(random.below(100)))

  const authors = Array.from({ length: 2 + random.below(3) }, (_, index) => {
    const doc = new Y.Doc({ gc: random.chance(0.6) })
    doc.clientID = random.chance(0.5) ? random.below(2 ** 32) : 100 + random.below(200) * 4 + index
    const author = { doc, seen: 0, offline: null }
    doc.on('update', (update, origin) => {
      if (origin === 'server') return
      if (author.offline) author.offline.push(update)
      else store(update)
    })
    const roots = [doc.getText('t'), doc.getMap('m'), doc.getArray('a'), doc.getXmlFragment('x')]
    if (random.chance(0.5)) author.undo = new Y.UndoManager(roots, { captureTimeout: 0 })
    return author
  })

  for (let step = 0; step < steps; step++) {
    const author = random.pick(authors)
    if (!author.offline && random.chance(0.4)) receive(random, author, log)
    if (random.chance(0.08)) {
      if (author.offline) comeBack(random, author, server, store)
      else author.offline = []
    }
    if (author.undo && random.chance(0.15)) {
      random.chance(0.7) ? author.undo.undo() : author.undo.redo()
    }
    author.doc.transact(() => {
      for (let edits = random.below(4); edits >= 0; edits--) edit(random, author.doc)
    })
  }
  for (const author of authors) if (author.offline) comeBack(random, author, server, store)
  return { log, authors, server }
}

/** Take some or all of what is new in the log. */
const receive = (random, author, log) => {
  const part = random.below(log.length - author.seen + 1)
  catchUp(author, log, random.chance(0.7) ? log.length : author.seen + part)
}

/**
 * Take what is in the log up to `end`, or all of it. The log may grow meanwhile: Yjs cleans up
 * formats that came together, and that is an update of its own.
 */
export const catchUp = (author, log, end = Infinity) => {
  for (; author.seen < Math.min(end, log.length); author.seen++) {
    Y.applyUpdate(author.doc, log[author.seen], 'server')
  }
}

/** Send what was made offline in one of the ways in which clients do that. */
const comeBack = (random, author, server, store) => {
  const { doc, offline } = author
  author.offline = null
  if (offline.length === 0) return
  random.pick([
    () => offline.forEach(store),
    () => store(Y.mergeUpdates(offline)),
    () => store(Y.encodeStateAsUpdate(doc, Y.encodeStateVector(server))),
    () => store(Y.diffUpdate(Y.encodeStateAsUpdate(doc), Y.encodeStateVector(server))),
    () => store(Y.encodeStateAsUpdate(doc))
  ])()
}

/** Edit a document some more; returns the updates. */
export const editMore = (random, doc) => {
  const updates = []
  const collect = update => updates.push(update)
  doc.on('update', collect)
  for (let i = 0; i < 5; i++) doc.transact(() => edit(random, doc))
  doc.off('update', collect)
  return updates
}
