// A search for the most that a server takes: loads that it passes or fails.

import { startServer } from "../server.mjs";

/** A server that answers late must not get less to do: the generator has to keep its rate. */
const SENT_MIN = 0.97;

export class Steps {
  #server;

  /**
   * `run(server, load)` puts a load on the server for a while, and `rate(load)` is how many
   * messages a second that is. `warmUp(server)` comes first, so that its code is compiled when
   * it matters.
   */
  constructor(subject, { folder, say }, { warmUp, run, rate, unit, p99MsMax }) {
    Object.assign(this, { subject, folder, say, warmUp, run, rate, unit, p99MsMax });
  }

  /** Whether a load passes. One that fails is tried once more: it may have been the machine. */
  async passes(load) {
    return (await this.#step(load)) || this.#step(load);
  }

  /**
   * The largest load that passes, doubled from `first` up to `max`. If already the first fails, it
   * is halved down to `min`; `undefined` if that fails as well. Ends the server.
   */
  async most({ first, max, min = first }) {
    try {
      let load = first;
      if (await this.passes(load)) {
        while (load < max && (await this.passes(load * 2))) load *= 2;
        return load;
      }
      for (load /= 2; load >= min; load /= 2) if (await this.passes(load)) return load;
      return undefined;
    } finally {
      await this.end();
    }
  }

  async #step(load) {
    if (this.#server === undefined) {
      this.#server = await startServer(this.subject, this.folder);
      await this.warmUp(this.#server);
    }
    const passed = await this.#keepsUp(load);
    // One that failed is behind, and must not be asked to catch up during the next step.
    if (!passed) await this.end();
    return passed;
  }

  async #keepsUp(load) {
    const name = `${load} ${this.unit}`;
    try {
      const { sentPerSecond, delivered, p99, generatorCpu } = await this.run(this.#server, load);
      this.say(
        `${name}: ${(delivered * 100).toFixed(1)} % delivered, p99 ${p99} ms, ` +
          `${Math.round(sentPerSecond)}/s sent, generator at ${Math.round(generatorCpu * 100)} %`,
      );
      const keptItsRate = sentPerSecond >= SENT_MIN * this.rate(load);
      return delivered === 1 && p99 <= this.p99MsMax && keptItsRate;
    } catch (error) {
      this.say(`${name}: ${error.message}`);
      return false;
    }
  }

  async end() {
    const server = this.#server;
    this.#server = undefined;
    await server?.stop();
  }
}
