// Drives examples/algebra.rs: builds it, and gives its functions as asynchronous ones.
import { spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Build the program; returns its path. */
const build = () => {
  const args = ['build', '--example', 'algebra', '--message-format', 'json']
  const built = spawnSync('cargo', args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 })
  if (built.error || built.status !== 0) {
    throw new Error(`cargo ${args.join(' ')} failed: ${built.error ?? built.stderr}`)
  }
  const messages = built.stdout.split('\n').filter(Boolean).map(line => JSON.parse(line))
  return messages.find(m => m.executable && m.target.name === 'algebra').executable
}

/** What the program answers when bytes are not an update. */
export class Malformed extends Error {}

/** Start the program. Ends with `close()`. A panic in it fails every request from then on. */
export const startAlgebra = () => {
  const child = spawn(build(), { stdio: ['pipe', 'pipe', 'pipe'] })
  const waiting = []
  let received = Buffer.alloc(0)
  let errors = ''
  let ended = null
  child.stderr.on('data', text => { errors += text })
  child.stdin.on('error', () => {})
  child.on('close', code => {
    ended = new Error(`the algebra ended with ${code}: ${errors}`)
    for (const { reject } of waiting.splice(0)) reject(ended)
  })
  child.stdout.on('data', bytes => {
    received = Buffer.concat([received, bytes])
    while (received.length >= 4 && received.length >= 4 + received.readUInt32LE(0)) {
      const end = 4 + received.readUInt32LE(0)
      const [status, ...fields] = readFields(received.subarray(4, end))
      received = received.subarray(end)
      const { resolve, reject } = waiting.shift()
      if (status.toString() === 'ok') resolve(fields.map(field => new Uint8Array(field)))
      else reject(new Malformed(status.toString()))
    }
  })

  const ask = (name, ...fields) => new Promise((resolve, reject) => {
    if (ended) return reject(ended)
    waiting.push({ resolve, reject })
    const parts = [Buffer.from(name), ...fields].flatMap(field => [uint32(field.length), field])
    child.stdin.write(Buffer.concat([uint32(parts.reduce((sum, p) => sum + p.length, 0)), ...parts]))
  })
  const one = async (...request) => (await ask(...request))[0]

  return {
    merge: updates => one('merge', ...updates),
    diff: (updates, known) => one('diff', known, ...updates),
    compact: updates => one('compact', ...updates),
    toColumns: update => one('to_columns', update),
    fromColumns: columns => one('from_columns', columns),
    stateVector: update => one('state_vector', update),
    deleteSet: updates => one('delete_set', ...updates),
    withoutDeletes: (update, known) => one('without_deletes', update, known),
    admit: async (update, known) => {
      const [fresh, ends, flags] = await ask('admit', update, known)
      const [hasDeletes, repeats, missing] = [...flags].map(Boolean)
      return { fresh, ends, hasDeletes, repeats, missing }
    },
    close: () => child.stdin.end()
  }
}

const uint32 = number => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(number)
  return bytes
}

const readFields = bytes => {
  const fields = []
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 + bytes.readUInt32LE(at)
    fields.push(bytes.subarray(at + 4, end))
    at = end
  }
  return fields
}
