/**
 * What the tests of RawSocket's sockets and of its loops have in common.
 *
 * @module
 */

import { settled } from "../../fake_clock.ts";
import { memoryPair, type MemoryStream } from "../../memory_stream.ts";
import type { ByteStream } from "../../../internal/stream.ts";
import { type RawSocketAcceptOptions, rawSocketAcceptor } from "../../../wamp/transports/rawsocket.ts";
import type { Transport } from "../../../wamp/transports/transport.ts";
import { BATCHED, BINARY, TEXT } from "./serializer.ts";

/** What the tests' names cite. */
export const CLAUSE = "(WAMP, RawSocket Transport)";
/** What a router speaks; the last it cannot speak here. */
export const SERIALIZERS = [BINARY, TEXT, BATCHED];

/** A message. */
export function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Takes a router's side of the handshake. */
export function acceptRawSocket(
  stream: ByteStream,
  options: Partial<RawSocketAcceptOptions> = {},
): Promise<Transport> {
  return rawSocketAcceptor({ serializers: SERIALIZERS, ...options })(stream);
}

/** A server's transport over a stream in memory, after its handshake; the test plays the client. */
export async function serverPair(
  options: Partial<RawSocketAcceptOptions> = {},
): Promise<[MemoryStream, Transport]> {
  const [far, near] = memoryPair();
  far.push();
  near.push(Uint8Array.of(0x7f, 0xf3, 0, 0));
  const transport = await acceptRawSocket(near, options);
  await settled();
  far.takeArrived();
  return [far, transport];
}
