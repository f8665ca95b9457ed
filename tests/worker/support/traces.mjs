// Recorded editing sessions as Yjs updates of their authors.
//
// A trace is `{endContent, numAgents?, txns}`; a transaction is `{agent?, parents?, patches}`, where a
// patch `[position, deleted, inserted]` refers to the text at the transaction's parents. Authors get
// client ids in the order of their numbers, which is how the recorded sessions broke ties.
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import * as Y from 'yjs'

const folder = fileURLToPath(new URL('../../../../shared/traces/', import.meta.url))
const CLIENT_ID_FIRST = 3_000_000_000

/** The recorded trace `name`; null, loudly, where the recordings are not at hand. */
export const recorded = (name) => {
  const file = `${folder}${name}.json.gz`
  if (existsSync(file)) return JSON.parse(gunzipSync(readFileSync(file)))
  console.warn(`SKIPPED: ${name}.json.gz is not at hand; a generated trace stands in for it`)
  return null
}

/** A trace of `agents` who type at once, each seeing the others some transactions late. */
export const generated = ({ agents, length, random }) => {
  const docs = Array.from({ length: agents }, (_, agent) => newAuthor(agent))
  const updates = []
  const had = docs.map(() => 0)
  const txns = []
  // For each author, the transactions that nobody it has seen has built upon.
  const heads = docs.map(() => new Set())
  const see = (agent, through) => {
    for (; had[agent] < through; had[agent]++) {
      Y.applyUpdate(docs[agent], updates[had[agent]])
      for (const parent of txns[had[agent]].parents) heads[agent].delete(parent)
      heads[agent].add(had[agent])
    }
  }
  for (let i = 0; i < length; i++) {
    const agent = random.below(agents)
    if (random.chance(0.3)) see(agent, i)
    const text = docs[agent].getText('text')
    const at = random.below(text.length + 1)
    const deleted = random.chance(0.25) ? Math.min(1, text.length - at) : 0
    const patch = [at, deleted, deleted ? '' : random.pick([...'abcdefghij '])]
    const before = Y.encodeStateVector(docs[agent])
    apply(docs[agent], [patch])
    const parents = [...heads[agent]]
    updates.push(Y.encodeStateAsUpdate(docs[agent], before))
    txns.push({ agent, parents, patches: [patch] })
    heads[agent] = new Set([txns.length - 1])
  }
  const all = new Y.Doc()
  for (const update of updates) Y.applyUpdate(all, update)
  return { endContent: all.getText('text').toString(), numAgents: agents, txns }
}

/**
 * The trace as updates in the order of time: `{author, update, needs}`, where `needs` is the state
 * vector, as a Map, of what its author had seen of others when it was written.
 */
export const updatesOf = (trace) => {
  const agents = trace.numAgents ?? 1
  const docs = Array.from({ length: agents }, (_, agent) => newAuthor(agent))
  const written = docs.map(() => [])
  const applied = docs.map(() => docs.map(() => 0))
  const versions = []
  const out = []
  let update = null
  for (const doc of docs) doc.on('update', (bytes, origin) => { if (origin !== 'past') update = bytes })

  for (const [i, { agent = 0, parents = i ? [i - 1] : [], patches }] of trace.txns.entries()) {
    const version = docs.map(() => 0)
    for (const parent of parents) {
      for (let a = 0; a < agents; a++) version[a] = Math.max(version[a], versions[parent][a])
    }
    bring(docs[agent], agent, version, applied[agent], written, out)
    const needs = new Map()
    for (let a = 0; a < agents; a++) {
      if (a !== agent && version[a] > 0) needs.set(docs[a].clientID, out[written[a][version[a] - 1]].end)
    }
    update = null
    apply(docs[agent], patches)
    written[agent].push(out.length)
    version[agent] = written[agent].length
    versions.push(version)
    const end = Y.getState(docs[agent].store, docs[agent].clientID)
    out.push({ author: agent, update, needs, end })
  }
  return out
}

/** Applies what `version` has of other authors and `doc` has not, oldest first. */
const bring = (doc, agent, version, applied, written, out) => {
  const missing = []
  for (let a = 0; a < version.length; a++) {
    if (a === agent) continue
    missing.push(...written[a].slice(applied[a], version[a]))
    applied[a] = Math.max(applied[a], version[a])
  }
  for (const i of missing.sort((a, b) => a - b)) Y.applyUpdate(doc, out[i].update, 'past')
}

const newAuthor = (agent) => {
  const doc = new Y.Doc()
  doc.clientID = CLIENT_ID_FIRST + agent
  return doc
}

const apply = (doc, patches) => doc.transact(() => {
  const text = doc.getText('text')
  for (const [position, deleted, inserted] of patches) {
    if (deleted) text.delete(position, deleted)
    if (inserted) text.insert(position, inserted)
  }
})
