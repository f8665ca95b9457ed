// Many rooms at once, with a little typing in each.

import { client, crowd } from "./client.mjs";
import { eachRun, keystroke } from "./edits.mjs";
import { Senders } from "./pace.mjs";

/** One of two clients in each of `rooms` rooms types; `rate` keys a second in all together. */
export async function manyRooms(job) {
  const { rooms, rate } = job;
  const senders = new Senders({ ...job, count: rooms, rate: rate / rooms });
  const typists = await crowd(rooms, async (index) => {
    const document = `${job.document}-${index}`;
    const receiver = senders.receiver();
    const take = (update) => {
      const now = performance.now();
      eachRun(update, (id, clock, length) => {
        senders.arrived(id, clock, length, { receiver, now });
      });
    };
    await client(job, { document, take });
    return client(job, { document });
  });
  await senders.run(
    (index, work) => typists[index].socket.together(work),
    (index, key) => {
      const { socket, words } = typists[index];
      socket.send(words.update(keystroke(senders.firstId + index, key)));
    },
  );
  return senders.outcome(1);
}
