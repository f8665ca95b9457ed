// The npm package as an app gets it: packed, unpacked among its packages, and used in Node.
import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { root } from '../../tools/shell.mjs'
import { connect } from './support/our_client.mjs'
import { Server, freshDocument } from './support/server.mjs'
import { until } from './support/until.mjs'

const run = promisify(execFile)

/** What an app that uses all of it installs beside it. */
const PACKAGES = ['@codemirror', 'lib0', 'react', 'react-dom', 'scheduler', 'ws', 'y-protocols',
  'yjs', 'isomorphic.js', '@marijn', 'style-mod', 'w3c-keyname', 'crelt']

/** Renders a page that uses every hook, as a server does. */
const SERVER = `
  import * as client from 'selvedge'
  import { createElement } from 'react'
  import { renderToString } from 'react-dom/server'
  import { useDocument, usePageStatus, usePresence, useStatus, useText } from 'selvedge/react'
  import 'selvedge/codemirror'
  import 'selvedge/textarea'
  import 'selvedge/yjs'
  function Page() {
    const doc = useDocument({ url: 'http://127.0.0.1:1', document: 'a' })
    const { connection, pending } = useStatus(doc)
    const people = usePresence(doc).size + usePageStatus().documents
    return createElement('p', null, JSON.stringify([useText(doc, 'note'), people, connection.state, pending]))
  }
  console.log(typeof client.connect, renderToString(createElement(Page)))`

/** Connects where nothing could, as in Node 20. */
const WITHOUT = `
  import { readFile } from 'node:fs/promises'
  import init, { connect } from 'selvedge'
  delete globalThis.WebSocket
  await init({ module_or_path: await readFile(new URL(import.meta.resolve('selvedge/selvedge_bg.wasm'))) })
  try {
    connect({ url: 'http://127.0.0.1:1', document: 'a' })
  } catch ({ name, code }) {
    console.log(name, code)
  }`

/** This Node, and others of this machine that are new enough. */
const nodes = () => {
  const found = new Map()
  for (const folder of [null, ...(process.env.PATH ?? '').split(delimiter)]) {
    const path = folder === null ? process.execPath : join(folder, 'node')
    try {
      const version = execFileSync(path, ['--version'], { encoding: 'utf8' }).trim()
      if (Number(/\d+/.exec(version)) >= 20 && !found.has(version)) found.set(version, path)
    } catch {
      // There is none.
    }
  }
  return found
}

describe('the package', () => {
  let server, app
  before(async () => {
    server = await Server.start()
    app = await mkdtemp(join(tmpdir(), 'selvedge-app-'))
    const modules = join(app, 'node_modules')
    await mkdir(join(modules, 'selvedge'), { recursive: true })
    const pack = ['pack', join(root, 'dist/selvedge'), '--pack-destination', app, '--json']
    const { stdout } = await run('npm', pack)
    const packed = JSON.parse(stdout)
    const [{ filename }] = Array.isArray(packed) ? packed : Object.values(packed)
    await run('tar', ['-xf', join(app, filename), '--strip-components=1', '-C', join(modules, 'selvedge')])
    for (const name of PACKAGES) await symlink(join(root, 'node_modules', name), join(modules, name))
    await writeFile(join(app, 'package.json'), '{ "type": "module" }')
  })
  after(async () => {
    await server.stop()
    await rm(app, { recursive: true, force: true })
  })

  test('says what can be imported, and needs nothing of what is not', async () => {
    const manifest = JSON.parse(await readFile(join(app, 'node_modules/selvedge/package.json'), 'utf8'))
    for (const entry of Object.values(manifest.exports)) {
      for (const file of typeof entry === 'string' ? [entry] : Object.values(entry)) {
        await readFile(join(app, 'node_modules/selvedge', file))
      }
    }
    for (const name of Object.keys(manifest.peerDependencies)) {
      assert.deepEqual(manifest.peerDependenciesMeta[name], { optional: true })
    }
    assert.equal(manifest.dependencies, undefined)
    const page = await readFile(join(root, 'docs/packages.md'), 'utf8')
    for (const entry of Object.keys(manifest.exports)) {
      if (entry !== './package.json') assert.ok(page.includes(`\`${entry.replace('.', 'selvedge')}\``), entry)
    }
  })

  for (const [version, node] of nodes()) {
    test(`can be rendered with on a server by Node ${version}`, async () => {
      await writeFile(join(app, 'server.js'), SERVER)
      const { stdout, stderr } = await run(node, ['server.js'], { cwd: app })
      const shown = '<p>[&quot;&quot;,0,&quot;connecting&quot;,0]</p>'
      assert.deepEqual([stdout.trim(), stderr], [`function ${shown}`, ''])
    })

    test(`without any WebSocket it says so and ends, in Node ${version}`, async () => {
      await writeFile(join(app, 'without.js'), WITHOUT)
      const { stdout, stderr } = await run(node, ['without.js'], { cwd: app, timeout: 20_000 })
      assert.deepEqual([stdout.trim(), stderr], ['SelvedgeError unsupported', ''])
    })

    test(`d3 the script of docs/packages.md saves what it writes in Node ${version}`, async (t) => {
      const page = await readFile(join(root, 'docs/packages.md'), 'utf8')
      const [, script] = /```js\n([^]*?)```/.exec(page)
      await writeFile(join(app, 'script.js'), script)
      const document = freshDocument('script')
      const { stderr } = await run(node, ['script.js', server.url, document], { cwd: app })
      assert.equal(stderr, '')
      const doc = connect({ url: server.url, document })
      t.after(() => doc.close())
      await until('what it wrote', () => `${doc.text('note')}` === 'Written by a script. ')
    })
  }
})
