// Our client as an app embeds it, in Node: whoever imports this may connect.
import { readFile } from 'node:fs/promises'
import init from '../../../dist/selvedge/selvedge.js'

export { connect } from '../../../dist/selvedge/selvedge.js'

const wasm = new URL('../../../dist/selvedge/selvedge_bg.wasm', import.meta.url)
await init({ module_or_path: await readFile(wasm) })
