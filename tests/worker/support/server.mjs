// The worker under test, as deployed to this machine by `wrangler dev`.
import { randomUUID } from 'node:crypto'
import { startServer } from '../../harness.mjs'
import { closeAll } from './opened.mjs'

/**
 * A running worker. `url` is its HTTP origin, `ws` its WebSocket origin, `persistTo` the folder of
 * the rooms' databases.
 */
export class Server {
  static async start (options) {
    const server = new Server()
    await server.begin(options)
    return server
  }

  async begin (options) {
    this.options = options
    this.running = await startServer(options)
    this.url = this.running.url
    this.ws = this.url.replace(/^http/, 'ws')
    this.persistTo = this.running.persistTo
  }

  /** kill -9 of workerd, and of wrangler, in mid-flight. */
  async kill () { await this.running.kill() }

  /** Starts again after `kill`, on the same port and folder. */
  async again () {
    await this.begin({ ...this.options, port: this.running.port, persistTo: this.persistTo })
  }

  /** A crash and a start. */
  async restart () {
    await this.kill()
    await this.again()
  }

  async stop () {
    closeAll()
    await this.running.stop()
  }
}

/** A document name that no other test uses. */
export const freshDocument = (what = 'doc') => `${what}-${randomUUID()}`
