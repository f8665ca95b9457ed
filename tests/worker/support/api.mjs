// The API over HTTP, as somebody.
import assert from 'node:assert/strict'
import { claims, token } from './token.mjs'

export class Api {
  constructor (server) { this.server = server }

  /**
   * A request. `as` is a token, or a subject and a role as `ann/owner`; without it nobody asks.
   * Resolves to `{ status, headers, type, body }`; the body is JSON where it says so.
   */
  async ask (method, path, { as, headers = {}, body, query = '' } = {}) {
    const shown = as?.includes('.') ? as : as && token(claims(...as.split('/')))
    const authorization = shown && { authorization: `Bearer ${shown}` }
    const answer = await fetch(`${this.server.url}${path}${query}`, {
      method,
      headers: { ...authorization, ...headers },
      body: body === undefined || typeof body === 'string' || body instanceof Uint8Array
        ? body
        : JSON.stringify(body)
    })
    const type = (answer.headers.get('content-type') ?? '').split(';')[0]
    const bytes = new Uint8Array(await answer.arrayBuffer())
    const isJson = ['application/json', 'application/problem+json'].includes(type)
    const text = () => new TextDecoder().decode(bytes)
    return { status: answer.status, headers: answer.headers, type, body: isJson ? JSON.parse(text()) : bytes }
  }

  /** The same; fails unless the answer has this status. A refusal explains itself. */
  async expect (status, method, path, how) {
    const answer = await this.ask(method, path, how)
    assert.equal(answer.status, status, `${method} ${path}: ${JSON.stringify(answer.body)}`)
    if (status >= 400) {
      assert.equal(answer.type, 'application/problem+json')
      assert.equal(answer.body.status, status)
      for (const field of ['title', 'detail']) assert.ok(answer.body[field].length > 3, field)
    }
    return answer
  }
}

/** The path of a document, and of what is asked about it. */
export const about = (document, rest = '') => `/documents/${encodeURIComponent(document)}${rest}`
