/**
 * A session and its router over a stream in memory, on each carrier that has a network underneath.
 *
 * @module
 */

import { memoryPair, type MemoryStream } from "../memory_stream.ts";
import type { ByteStream } from "../../internal/stream.ts";
import type { ComponentTransport } from "../../wamp/component_api.ts";
import { join, type JoinOptions } from "../../wamp/join.ts";
import { createRouter } from "../../wamp/router/router.ts";
import type { Router, RouterOptions } from "../../wamp/router/router_api.ts";
import { cbor } from "../../wamp/serializers/mod.ts";
import type { Session } from "../../wamp/session_api.ts";
import { rawSocketAcceptor } from "../../wamp/transports/rawsocket.ts";
import { webSocketReceiver } from "../../wamp/transports/websocket.ts";
import { accept } from "../../websocket/server.ts";
import { settled } from "../fake_clock.ts";

/** What carries the session: WebSocket pings, and on RawSocket the session asks. @internal */
export type Carrier = "WebSocket" | "RawSocket";

/** All of them. @internal */
export const CARRIERS: readonly Carrier[] = ["WebSocket", "RawSocket"];

/** A router, and the network between it and its sessions. @internal */
export class Network implements AsyncDisposable {
  readonly router: Router;
  readonly #carrier: Carrier;
  /** The router's end of each session's stream, and the session's. */
  readonly streams: { readonly client: MemoryStream; readonly server: MemoryStream }[] = [];

  constructor(carrier: Carrier, options: RouterOptions = {}) {
    this.router = createRouter(options);
    this.#carrier = carrier;
  }

  /** The router's end of the newest stream: what it writes is the network's to deliver. */
  get server(): MemoryStream {
    return this.streams.at(-1)!.server;
  }

  /** Begins to join. `onDial` is told of the stream before anything is sent. */
  join(options: Partial<JoinOptions> = {}, onDial?: () => void): Promise<Session> {
    const { url, dial } = this.transport(onDial);
    return join(url, { realm: "realm1", ...options, dial });
  }

  /** How the router is reached, by a new stream each time. */
  transport(onDial?: () => void): ComponentTransport & { readonly dial: () => Promise<ByteStream> } {
    const dial = (): Promise<ByteStream> => {
      const [client, server] = memoryPair();
      this.streams.push({ client, server });
      void this.#serve(server);
      onDial?.();
      return Promise.resolve(client);
    };
    return { url: this.#carrier === "WebSocket" ? "ws://localhost/" : "rs://localhost:1", dial };
  }

  async #serve(stream: MemoryStream): Promise<void> {
    const attach = this.router.attach.bind(this.router);
    // A router that closes sessions in these tests does so by itself.
    if (this.#carrier !== "WebSocket") {
      attach(await rawSocketAcceptor({ serializers: [cbor] })(stream));
    } else {
      const keepalive = false;
      await accept(stream, { ...webSocketReceiver({ serializers: [cbor], attach }), keepalive, origins: "any" });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { client, server } of this.streams) {
      for (const stream of [client, server]) {
        stream.resumeWrites();
        stream.end();
      }
    }
    await settled();
    await this.router.shutdown({ timeout: 0 });
    await settled();
  }
}
