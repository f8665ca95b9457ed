// The built worker in workerd, and nothing else: no proxies and no inspector, whose memory and time
// would be measured with it.
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ourWorkerd } from '../../../tools/workerd.mjs'
import { freePort } from '../../harness.mjs'
import { closeAll } from './opened.mjs'
import { until } from './until.mjs'

export class BareServer {
  static async start () {
    const server = new BareServer()
    const [folder, port] = [await mkdtemp(join(tmpdir(), 'selvedge-bare-')), await freePort()]
    const { program, args } = await ourWorkerd({ folder, port })
    const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] })
    process.once('exit', () => child.kill('SIGKILL'))
    const url = `http://127.0.0.1:${port}`
    Object.assign(server, { folder, child, url, ws: `ws://127.0.0.1:${port}` })
    await until('workerd to answer', async () => {
      if (child.exitCode !== null) throw new Error(`workerd ended with ${child.exitCode}`)
      return (await fetch(`${url}/healthz`).catch(() => null))?.ok
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
