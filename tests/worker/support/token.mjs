// Tokens as an application's server makes them, by Node's own cryptography.
import { createHmac, generateKeyPairSync, sign } from 'node:crypto'

export const SECRET = 'a secret that is at least 32 bytes'

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')

export const nowSeconds = () => Math.floor(Date.now() / 1_000)

/** Claims of `sub` with one role in every document, for ten minutes; `more` says otherwise. */
export const claims = (sub, role = 'editor', more = {}) => ({
  sub,
  aud: 'selvedge',
  iat: nowSeconds(),
  exp: nowSeconds() + 600,
  grants: [{ document: '**', role }],
  ...more
})

/** Signed with the shared secret (HS256). */
export const token = (claims, { secret = SECRET, header = { alg: 'HS256', typ: 'JWT' } } = {}) => {
  const message = `${base64url(header)}.${base64url(claims)}`
  return `${message}.${createHmac('sha256', secret).update(message).digest('base64url')}`
}

/** A key pair for ES256 under a name: its public half, and tokens by its private half. */
export const keyPair = (kid) => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return {
    jwk: { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'ES256' },
    pem: publicKey.export({ format: 'pem', type: 'spki' }),
    token: (claims) => {
      const message = `${base64url({ alg: 'ES256', kid })}.${base64url(claims)}`
      const key = { key: privateKey, dsaEncoding: 'ieee-p1363' }
      return `${message}.${sign('sha256', Buffer.from(message), key).toString('base64url')}`
    }
  }
}
