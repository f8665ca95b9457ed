// A network between a page and the server that can fail, as browsers cannot be told to: what they
// call offline leaves open sockets alone.

import { connect, createServer } from "node:net";

/**
 * Forwards a port of loopback to `port`. Resolves to `{ url, cut, silence, restore, end }`: `cut`
 * breaks every connection and refuses new ones, `silence` swallows what the present connections
 * send from now on and tells nobody, `restore` lets new connections through again.
 */
export async function startNetwork(port) {
  const pairs = new Set();
  let refusing = false;
  const server = createServer((near) => {
    if (refusing) return near.destroy();
    const far = connect(port, "127.0.0.1");
    const pair = [near, far];
    pairs.add(pair);
    near.pipe(far);
    far.pipe(near);
    for (const end of pair) {
      end.setNoDelay(true);
      end.on("error", () => {}).on("close", () => drop(pair));
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

  function drop(pair) {
    pairs.delete(pair);
    for (const end of pair) end.destroy();
  }

  function cut() {
    refusing = true;
    for (const pair of pairs) drop(pair);
  }

  function silence() {
    for (const [near, far] of pairs) {
      near.unpipe(far).resume();
      far.unpipe(near).resume();
    }
  }

  function restore() {
    refusing = false;
  }

  async function end() {
    cut();
    await new Promise((resolve) => server.close(resolve));
  }

  return { url: `http://127.0.0.1:${server.address().port}`, cut, silence, restore, end };
}
