// People who all move a cursor.

import { client, crowd } from "./client.mjs";
import { Cursor, varString, varUint } from "./lib0.mjs";
import { Senders } from "./pace.mjs";

/** A cursor's position, as an app would say it; its number comes first, to be found again. */
export function position(id, number) {
  const user = '"user":{"name":"Ada","color":"#2f6f4f"}';
  const state = `{"at":${number},${user},"cursor":{"x":0.25,"y":0.5}}`;
  return Buffer.from([1, ...varUint(id), ...varUint(number + 1), ...varString(state)]);
}

const NUMBER_AT = '{"at":'.length;

/**
 * Calls `take(id, number)` for each position in an awareness update, whose clocks may be the
 * server's.
 */
export function eachPosition(update, take) {
  const cursor = new Cursor(update);
  for (let entries = cursor.varUint(); entries > 0; entries--) {
    const id = cursor.varUint();
    cursor.varUint();
    const state = cursor.varBytes();
    let number = 0;
    let at = NUMBER_AT;
    for (; state[at] >= 48 && state[at] <= 57; at++) number = number * 10 + state[at] - 48;
    if (at > NUMBER_AT) take(id, number);
  }
}

/**
 * `clients` move their cursors `rate` times a second each. A position has arrived where it or a
 * later one of the same cursor is: a server may leave out what is out of date.
 */
export async function cursors(job) {
  const { clients } = job;
  const senders = new Senders({ ...job, count: clients });
  const everyone = await crowd(clients, (index) => {
    const receiver = senders.receiver(index);
    const present = (update) => {
      const now = performance.now();
      eachPosition(update, (id, number) => {
        const known = receiver.known[id - senders.firstId];
        if (number < known) return;
        senders.arrived(id, known, number + 1 - known, { receiver, now });
      });
    };
    return client(job, { present });
  });
  await senders.run(
    (index, work) => everyone[index].socket.together(work),
    (index, number) => {
      const { socket, words } = everyone[index];
      socket.send(words.presence(position(senders.firstId + index, number)));
    },
  );
  return senders.outcome(clients - 1);
}
