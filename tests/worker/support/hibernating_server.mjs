// The built worker in workerd, driven by miniflare, which can do what wrangler cannot: put a room to
// sleep at a chosen moment with its sockets open.
import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Log, LogLevel, Miniflare } from 'miniflare'
import { closeAll } from './opened.mjs'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const SCRIPT = 'selvedge'
const CLASS = 'Room'
const BINDING = 'ROOMS'

export class HibernatingServer {
  /**
   * `main`: a module to run instead of the worker's own, which it finds at './index.js'. `vars`:
   * settings of the Worker.
   */
  static async start ({ main, vars = {} } = {}) {
    const server = new HibernatingServer()
    server.folder = await mkdtemp(join(tmpdir(), 'selvedge-hibernation-'))
    server.miniflare = new Miniflare({
      log: new Log(LogLevel.WARN),
      host: '127.0.0.1',
      port: 0,
      cf: false,
      resourcePersistencePath: server.folder,
      workers: [{ config: await config(main, { LOG_LEVEL: 'error', OPEN_ON_LOCALHOST: 'true', ...vars }) }]
    })
    server.url = (await server.miniflare.ready).origin
    server.ws = server.url.replace(/^http/, 'ws')
    return server
  }

  /**
   * Drops the room's memory; its sockets stay open. workerd refuses while an event is in progress, so
   * this waits until it is allowed.
   */
  async hibernate (document) {
    await this.miniflare.unsafeEvictDurableObject(SCRIPT, CLASS, {
      name: document,
      webSockets: 'hibernate'
    })
  }

  /** The process that runs the rooms: a child of this one. */
  get pid () {
    const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8')
    return children.trim().split(' ').find((pid) =>
      readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'workerd')
  }

  async stop () {
    closeAll()
    await this.miniflare.dispose()
    await rm(this.folder, { recursive: true, force: true })
  }
}

const setting = ([name, value]) => [name, { type: 'text', value: `${value}` }]

const config = async (main, vars) => {
  const wrangler = await readFile(join(root, 'wrangler.toml'), 'utf8')
  const build = (file) => join(root, 'build', file)
  const modules = { 'index.js': { type: 'esm', contents: await readFile(build('index.js'), 'utf8') } }
  const wasm = await readFile(build('index_bg.wasm')).catch(() => null)
  if (wasm) modules['index_bg.wasm'] = { type: 'wasm', contents: wasm }
  if (main) modules['main.js'] = { type: 'esm', contents: main }
  return {
    name: SCRIPT,
    compatibilityDate: /^compatibility_date\s*=\s*"(.+)"/m.exec(wrangler)[1],
    manifest: { mainModule: main ? 'main.js' : 'index.js', modules },
    exports: { [CLASS]: { type: 'durable-object', storage: 'sqlite' } },
    env: {
      [BINDING]: { type: 'durable-object', worker: SCRIPT, exportName: CLASS },
      ...Object.fromEntries(Object.entries(vars).map(setting))
    }
  }
}
