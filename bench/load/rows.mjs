// A log that grows by one row at a time.

import { client } from "./client.mjs";
import { keystroke } from "./edits.mjs";

/** Types `rows` letters, each when the room has said that the last is stored. */
export async function rows(job) {
  const author = 3_000_000_000 + Math.floor(Math.random() * 1_000_000_000);
  const done = Promise.withResolvers();
  let sent = 0;
  const next = (writer) => {
    if (sent === job.rows) return done.resolve();
    writer.socket.send(writer.words.update(keystroke(author, sent)));
    sent += 1;
  };
  const writer = await client(job, { dialect: "native", acked: (self) => next(self) });
  next(writer);
  await done.promise;
  return { author };
}
