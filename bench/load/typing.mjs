// People who type into one document, or into many.

import { client, crowd } from "./client.mjs";
import { eachRun, keystroke, scattered } from "./edits.mjs";
import { Senders } from "./pace.mjs";

/**
 * `typists` of `clients` type `rate` keys per second each. Keys of the first `warmUpMs` are not
 * measured. With `isScattered` no two of them become one run.
 */
export async function typing(job) {
  const { clients, typists, isScattered } = job;
  const senders = new Senders({ ...job, count: typists });
  const edit = isScattered ? scattered : keystroke;
  const everyone = await crowd(clients, (index) => {
    const receiver = senders.receiver(index);
    const take = (update) => {
      const now = performance.now();
      eachRun(update, (id, clock, length) => {
        senders.arrived(id, clock, length, { receiver, now });
      });
    };
    return client(job, { take });
  });
  await senders.run(
    (index, work) => everyone[index].socket.together(work),
    (index, key) => {
      const { socket, words } = everyone[index];
      socket.send(words.update(edit(senders.firstId + index, key)));
    },
  );
  return senders.outcome(clients - 1);
}
