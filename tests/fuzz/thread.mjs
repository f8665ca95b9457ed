// Runs inputs in a thread of its own, and goes on behind each trap with a new instance.
import { parentPort, workerData } from "node:worker_threads";
import { Machine, add } from "./machine.mjs";

const { module, begun, bare, failuresMax } = workerData;

// Where this thread is, for whoever waits for it.
const machine = () => new Machine(module, (number) => (begun[0] = number));

let current = machine();

parentPort.on("message", ({ from, to }) => {
  const sum = [];
  const failures = [];
  for (let next = from; next < to && failures.length < failuresMax; ) {
    try {
      current.run(next, to - next, { bare });
      next = to;
    } catch (error) {
      const number = begun[0];
      failures.push({ number, reason: current.reason(error) });
      add(sum, current.counts());
      current = machine();
      next = number + 1;
    }
  }
  add(sum, current.counts());
  const bytes = current.bytes;
  // Counts begin anew with an instance, which costs a millisecond.
  current = machine();
  parentPort.postMessage({ sum, failures, bytes });
});
