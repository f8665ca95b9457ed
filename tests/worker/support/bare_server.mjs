// The built worker in workerd, and nothing else: no proxies and no inspector, whose memory and time
// would be measured with it.
import { spawn } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import workerd from 'workerd'
import { freePort } from '../../harness.mjs'
import { closeAll } from './opened.mjs'
import { until } from './until.mjs'

const root = fileURLToPath(new URL('../../../', import.meta.url))

export class BareServer {
  static async start () {
    const server = new BareServer()
    server.folder = await mkdtemp(join(tmpdir(), 'selvedge-bare-'))
    await mkdir(join(server.folder, 'rooms'))
    for (const file of ['index.js', 'index_bg.wasm']) {
      await copyFile(join(root, 'build', file), join(server.folder, file))
    }
    const port = await freePort()
    await writeFile(join(server.folder, 'config.capnp'), await config(port))
    const child = spawn(workerd.default, ['serve', 'config.capnp'], {
      cwd: server.folder,
      stdio: ['ignore', 'inherit', 'inherit']
    })
    server.child = child
    process.once('exit', () => child.kill('SIGKILL'))
    server.url = `http://127.0.0.1:${port}`
    server.ws = `ws://127.0.0.1:${port}`
    await until('workerd to answer', async () => {
      if (child.exitCode !== null) throw new Error(`workerd ended with ${child.exitCode}`)
      return (await fetch(`${server.url}/healthz`).catch(() => null))?.ok
    })
    return server
  }

  get pid () { return this.child.pid }

  async stop () {
    closeAll()
    const ended = new Promise((resolve) => this.child.once('close', resolve))
    this.child.kill('SIGKILL')
    await ended
    await rm(this.folder, { recursive: true, force: true })
  }
}

const config = async (port) => {
  const wrangler = await readFile(join(root, 'wrangler.toml'), 'utf8')
  const date = /^compatibility_date\s*=\s*"(.+)"/m.exec(wrangler)[1]
  return `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "selvedge", worker = (
      compatibilityDate = "${date}",
      modules = [
        (name = "index.js", esModule = embed "index.js"),
        (name = "index_bg.wasm", wasm = embed "index_bg.wasm"),
      ],
      durableObjectNamespaces = [(className = "Room", uniqueKey = "rooms", enableSql = true)],
      durableObjectStorage = (localDisk = "rooms"),
      bindings = [(name = "ROOMS", durableObjectNamespace = "Room")],
    )),
    (name = "rooms", disk = (path = "rooms", writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", service = "selvedge")],
);
`
}
