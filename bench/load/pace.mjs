// Sending at a rate that does not wait for the server, and what came of it.

import { setTimeout as delay } from "node:timers/promises";
import { Histogram } from "../statistics.mjs";

/** What was not delivered so long after the last was sent counts as lost. */
const GRACE_MS = 3_000;

/** Those who send, by the order of their ids, with the moment at which each message was sent. */
export class Senders {
  delays = new Histogram();

  /** `count` of them send `rate` messages a second each; the first `warmUpMs` are not measured. */
  constructor({ count, rate, warmUpMs, measureMs }) {
    Object.assign(this, { count, rate, warmUpMs, measureMs });
    // Yjs makes ids of 32 bits: this is how long most are when they are encoded.
    this.firstId = 3_000_000_000 + Math.floor(Math.random() * 1_000_000_000);
    this.most = Math.ceil((rate * (warmUpMs + measureMs)) / 1000) + 1;
    this.all = Array.from({ length: count }, () => ({
      sentAt: new Float64Array(this.most),
      sent: 0,
      measuredFrom: Infinity,
    }));
  }

  /** `receiver` has `length` messages of the sender with this id, from its `first` on. */
  arrived(id, first, length, { receiver, now }) {
    const index = id - this.firstId;
    const sender = this.all[index];
    if (sender === undefined) return;
    // An answer may repeat what has been seen; only what follows on it is a delivery.
    const from = receiver.known[index];
    if (first > from) return;
    for (let message = from; message < first + length; message++) {
      if (message < sender.measuredFrom || receiver.index === index) continue;
      this.delays.record(now - sender.sentAt[message]);
    }
    receiver.known[index] = Math.max(from, first + length);
  }

  /**
   * What `arrived` has to know of a client: what it has, and which of the senders it is, if it is
   * one.
   */
  receiver(index = -1) {
    return { index, known: new Uint32Array(this.count) };
  }

  /** Sends: `send(index, message)` for each, where `together(index, work)` surrounds some. */
  async run(together, send) {
    const began = performance.now();
    const cpu = process.cpuUsage();
    const { count, rate, warmUpMs, measureMs } = this;
    for (;;) {
      const at = performance.now() - began;
      if (at >= warmUpMs + measureMs) break;
      this.all.forEach((sender, index) => {
        if (at >= warmUpMs) sender.measuredFrom = Math.min(sender.measuredFrom, sender.sent);
        // They do not send at the same moment.
        const due = Math.min(Math.floor((at / 1000) * rate + index / count), this.most);
        if (sender.sent >= due) return;
        together(index, () => {
          for (; sender.sent < due; sender.sent++) {
            sender.sentAt[sender.sent] = performance.now();
            send(index, sender.sent);
          }
        });
      });
      await delay(1);
    }
    const { user, system } = process.cpuUsage(cpu);
    this.generatorCpu = (user + system) / 1000 / (warmUpMs + measureMs);
  }

  /** Waits for what is on its way to `receivers` clients for each sender, and says how it went. */
  async outcome(receivers) {
    const measured = this.all.map(({ sent, measuredFrom }) => Math.max(0, sent - measuredFrom));
    const sent = measured.reduce((sum, messages) => sum + messages, 0);
    const expected = sent * receivers;
    const deadline = performance.now() + GRACE_MS;
    while (this.delays.count < expected && performance.now() < deadline) await delay(10);
    return {
      sent,
      sentPerSecond: (sent * 1000) / this.measureMs,
      delivered: this.delays.count / expected,
      p50: this.delays.quantile(0.5),
      p99: this.delays.quantile(0.99),
      generatorCpu: this.generatorCpu,
    };
  }
}
