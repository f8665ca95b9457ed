// A page with nothing but the client, for tests that say themselves what it does.

import { createServer, request as ask } from "node:http";
import { connect } from "node:net";
import { after, before } from "node:test";
import { startDemo, until } from "./page.mjs";

/** What the page's `open(options)` does: a document that tests can reach as `doc`. */
const SCRIPT = `
  import * as selvedge from "/selvedge/selvedge.js";
  await selvedge.default();
  Object.assign(globalThis, selvedge);
  globalThis.open = (options) => {
    globalThis.doc = selvedge.connect({ url: location.origin, ...options });
    globalThis.text = doc.text("text");
  };
  globalThis.settled = (test, ms = 30_000) => new Promise((resolve, reject) => {
    const until = Date.now() + ms;
    const look = () => test() ? resolve(true)
      : Date.now() > until ? reject(new Error("in vain: " + test)) : setTimeout(look, 5);
    look();
  });
  globalThis.isReady = true;
`;

const PAGE = `<!doctype html><title>blank</title><link rel="icon" href="/favicon.svg"><script type="module">${SCRIPT}</script>`;

/** Loads the blank page of a network, anew if it is there already. */
export async function load(page, network) {
  await page.goto(`${network.url}/blank`);
  await until("the client", () => page.evaluate(() => globalThis.isReady === true));
}

/** Waits until `test`, an expression, is true in the page. */
export const settled = (page, test) =>
  page.evaluate((test) => globalThis.settled(new Function(`return ${test}`)), test);

/**
 * The demo for all tests of a file, as `demo` once they run, and `network(how)`, another network in
 * front of its server. All of it ends with the file.
 */
export function behindNetworks() {
  const networks = [];
  const site = {
    demo: undefined,
    async network(how) {
      networks.push(await startSite(site.demo.server, how));
      return networks.at(-1);
    },
  };
  before(async () => (site.demo = await startDemo()));
  after(async () => {
    await Promise.all(networks.map((network) => network.stop()));
    await site.demo.end();
  });
  return site;
}

/** What goes to a room without a WebSocket. */
const OF_ROOM = /^\/documents\/[^/]+\/(poll|say)\//;

/**
 * A network in front of `server` that a test can cut: pages still load, but no socket to a room opens
 * or stays open, nor is one polled. It has a page of its own, `/blank`.
 *
 * With `sockets: "refused"` it is one that lets no WebSocket through, with `"hang"` one that never
 * answers whoever asks for one; `allow` lets them through. With `buffers` it hands on no answer
 * before it has all of it. `{ url, cut, mend, allow, stop }`.
 */
export async function startSite(server, { sockets: passage = "through", buffers = false } = {}) {
  const { hostname, port } = new URL(server.url);
  let isCut = false;
  const sockets = new Set();
  const proxy = createServer((request, response) => {
    if (request.url === "/blank") {
      return response.writeHead(200, { "content-type": "text/html" }).end(PAGE);
    }
    // Whoever asks for it has its storage cleared by the browser.
    if (request.url === "/clear") {
      return response.writeHead(204, { "clear-site-data": '"storage"' }).end();
    }
    const { method, headers, url: path } = request;
    if (OF_ROOM.test(path)) {
      if (isCut) return response.destroy();
      network.requests += 1;
      sockets.add(response);
      response.on("close", () => sockets.delete(response));
    }
    const asked = ask({ hostname, port, method, headers, path }, async (answer) => {
      answer.on("error", () => response.destroy());
      const whole = buffers && (await answer.toArray().catch(() => response.destroy()));
      if (response.destroyed) return;
      response.writeHead(answer.statusCode, answer.headers);
      if (buffers) response.end(Buffer.concat(whole));
      else answer.pipe(response);
    });
    // Whoever breaks off is gone for the server as well.
    response.on("close", () => asked.destroy());
    asked.on("error", () => response.destroy());
    return request.pipe(asked);
  });
  proxy.on("upgrade", (request, socket) => {
    if (isCut) return socket.destroy();
    if (passage === "refused") return socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    if (passage === "hang") return sockets.add(socket.on("error", () => {}));
    network.sockets += 1;
    const behind = connect(port, hostname, () => {
      const lines = [`${request.method} ${request.url} HTTP/1.1`];
      for (let at = 0; at < request.rawHeaders.length; at += 2) {
        lines.push(`${request.rawHeaders[at]}: ${request.rawHeaders[at + 1]}`);
      }
      behind.write(`${lines.join("\r\n")}\r\n\r\n`);
      socket.pipe(behind).pipe(socket);
    });
    for (const end of [socket, behind]) {
      sockets.add(end);
      end.on("error", () => {});
      end.on("close", () => (sockets.delete(end), socket.destroy(), behind.destroy()));
    }
    return undefined;
  });
  await new Promise((listening) => proxy.listen(0, "127.0.0.1", listening));
  const network = {
    /** How many sockets were opened so far. */
    sockets: 0,
    /** How often a room was polled, or said something, without one. */
    requests: 0,
    url: `http://127.0.0.1:${proxy.address().port}`,
    cut() {
      isCut = true;
      for (const socket of sockets) socket.destroy();
    },
    mend() {
      isCut = false;
    },
    allow() {
      passage = "through";
    },
    stop() {
      this.cut();
      proxy.closeAllConnections();
      return new Promise((closed) => proxy.close(closed));
    },
  };
  return network;
}
