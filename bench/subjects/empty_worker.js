import { DurableObject } from "cloudflare:workers";

/** SyncStep2 with nothing in it. */
const NOTHING = new Uint8Array([0, 1, 2, 0, 0]);

/** Takes sockets that may hibernate, and passes on what comes. It keeps and stores nothing. */
export class Room extends DurableObject {
  fetch() {
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  webSocketMessage(from, message) {
    const [type, kind] = new Uint8Array(message);
    if (type === 0 && kind === 0) return from.send(NOTHING);
    for (const socket of this.ctx.getWebSockets()) if (socket !== from) socket.send(message);
  }
}

export default {
  fetch(request, env) {
    return env.ROOMS.getByName(new URL(request.url).pathname).fetch(request);
  },
};
