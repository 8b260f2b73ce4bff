/**
 * A router with its sessions, from bytes to bytes: one call (CALL in, INVOCATION out, YIELD in, RESULT out) and one
 * publication to ten subscribers, over transports that only count.
 */

import { createRouter } from "../wamp/router/router.ts";
import { cbor } from "../wamp/serializers/mod.ts";
import { MESSAGE, type Message } from "../wamp/messages.ts";
import { Payload } from "../wamp/payload.ts";
import type { SharedBytes, Transport, TransportInfo, TransportReceiver } from "../wamp/transports/transport.ts";

const REPEATS = 100;
const SUBSCRIBERS = 10;
const ROLES = { publisher: {}, subscriber: {}, caller: {}, callee: {} };

/** A transport whose other end is this file. */
class Wire implements Transport {
  readonly serializer = cbor;
  readonly info: TransportInfo = { kind: "local", remoteAddress: "", localAddress: "", isTls: false };
  readonly bufferedAmount = 0;
  sent = 0;
  #receiver: TransportReceiver | undefined;

  open(receiver: TransportReceiver): void {
    this.#receiver = receiver;
  }

  give(bytes: Uint8Array): void {
    this.#receiver?.message(bytes);
  }

  send(bytes: Uint8Array): void {
    this.sent += bytes.length;
  }

  sendShared(message: SharedBytes): void {
    this.sent += message.bytes.length;
  }

  pause(): void {}
  resume(): void {}
  close(): void {}
  fail(): void {}
  abort(): void {}
}

function encode(message: Message): Uint8Array {
  return cbor.encode(message as Parameters<typeof cbor.encode>[0]).slice();
}

const router = createRouter();

function joined(): Wire {
  const wire = new Wire();
  router.attach(wire);
  wire.give(encode({ type: MESSAGE.HELLO, realm: "realm1", details: { roles: ROLES } }));
  return wire;
}

const payload = Payload.of([1, "abcdefghijklmnopqrstuvwxyz012345"]);
const [caller, callee] = [joined(), joined()];
const procedure = "com.example.run";
callee.give(encode({ type: MESSAGE.REGISTER, request: 1, options: {}, procedure }));
const rounds = Array.from({ length: REPEATS }, (_, index) => [
  encode({ type: MESSAGE.CALL, request: index + 1, options: {}, procedure, payload }),
]);
let invocation = 0;

Deno.bench(`${REPEATS} calls`, () => {
  for (const [call] of rounds) {
    caller.give(call!);
    // Invocations are numbered by the router, so that their answers cannot be encoded before.
    callee.give(encode({ type: MESSAGE.YIELD, request: ++invocation, options: {}, payload }));
  }
});

const topic = "com.example.topic";
for (let index = 0; index < SUBSCRIBERS; index++) {
  joined().give(encode({ type: MESSAGE.SUBSCRIBE, request: 1, options: {}, topic }));
}
const publication = encode({ type: MESSAGE.PUBLISH, request: 1, options: {}, topic, payload });

Deno.bench(`${REPEATS} publications to ${SUBSCRIBERS}`, () => {
  for (let repeat = 0; repeat < REPEATS; repeat++) caller.give(publication);
});
