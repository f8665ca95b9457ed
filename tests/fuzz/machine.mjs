// The fuzz target in an instance of its own. A trap ends an instance; what it counted can still be
// read.

/** In the order of `Kind` in src/input.rs. */
export const KINDS = [
  "update",
  "state vector",
  "awareness",
  "stock frame",
  "native frame",
  "room frame",
  "token",
  "schema",
];
/** In the order of `Count` in src/tally.rs. */
export const COUNTS = ["inputs", "accepted", "applied", "unreadable", "missing", "notReloaded", "growth", "share", "factor"];
/** Those of which the largest counts; the others are added up. */
const LARGEST = ["growth", "share", "factor"];

const MESSAGE_BYTES_MAX = 600;

export class Machine {
  /** `begins(number)` is called before each input of a run. */
  constructor(module, begins = () => {}) {
    const imports = { env: { begins } };
    for (const { module: from, name } of WebAssembly.Module.imports(module)) {
      // Glue that yrs brings and that nothing here reaches.
      imports[from] ??= {};
      imports[from][name] ??= () => {};
    }
    this.wasm = new WebAssembly.Instance(module, imports).exports;
    // Where they are does not change, and nothing can be called after a trap.
    this.counted = this.wasm.counted();
    this.message = this.wasm.message();
    this.probes = this.wasm.probes();
  }

  /** Checks `count` inputs from number `first` on. Throws what a trap throws. */
  run(first, count, { bare = false } = {}) {
    this.wasm.run(BigInt(first), count, bare);
  }

  /** Checks an input that was kept. */
  again(input, { bare = false } = {}) {
    const at = this.wasm.room_for(input.length);
    new Uint8Array(this.wasm.memory.buffer, at, input.length).set(input);
    this.wasm.again(bare);
  }

  /** The input of a number, as bytes to be kept. */
  input(number) {
    return this.#shown(this.wasm.make(BigInt(number)));
  }

  /** The name and the input of a probe. */
  probe(index) {
    const name = new TextDecoder().decode(this.#shown(this.wasm.probe_name(index)));
    return { name, input: this.#shown(this.wasm.probe(index)) };
  }

  /** How large the memory is, in bytes. */
  get bytes() {
    return this.wasm.memory.buffer.byteLength;
  }

  /** What was counted since the instance began, by kind. */
  counts() {
    const counted = new Uint32Array(this.wasm.memory.buffer, this.counted, KINDS.length * COUNTS.length);
    const of = (kind) => COUNTS.map((name, at) => [name, counted[kind * COUNTS.length + at]]);
    return KINDS.map((_, kind) => Object.fromEntries(of(kind)));
  }

  /** Why a trap happened: what the panic said, or what was thrown. */
  reason(error) {
    const bytes = new Uint8Array(this.wasm.memory.buffer, this.message, MESSAGE_BYTES_MAX);
    const end = bytes.indexOf(0);
    const said = new TextDecoder().decode(bytes.slice(0, end < 0 ? undefined : end));
    return said.replace(/\s+/g, " ") || `${error.name}: ${error.message}`;
  }

  #shown(at) {
    return new Uint8Array(this.wasm.memory.buffer, at, this.wasm.length()).slice();
  }
}

/** Adds what another instance counted. */
export function add(sum, counts) {
  for (const [kind, of] of counts.entries()) {
    for (const name of COUNTS) {
      const [a, b] = [sum[kind]?.[name] ?? 0, of[name]];
      (sum[kind] ??= {})[name] = LARGEST.includes(name) ? Math.max(a, b) : a + b;
    }
  }
  return sum;
}
