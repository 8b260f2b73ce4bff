/**
 * A router with its sessions, from bytes to bytes: one call (CALL in, INVOCATION out, YIELD in, RESULT out) and one
 * publication to ten subscribers, over transports that only count. In realms without rules, with 10,000 permissions for
 * the role of everybody, with an authorizer that lets its answers be remembered, and with limits of rate and size.
 */

import { createRouter } from "../wamp/router/router.ts";
import type { Permission, RealmOptions } from "../wamp/router/router_api.ts";
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

const PERMISSIONS: readonly Permission[] = [
  { uri: "com.example.", match: "prefix", allow: { call: true, register: true, publish: true, subscribe: true } },
  ...Array.from({ length: 10_000 }, (_, index): Permission => {
    return { uri: `com.example.${index}.`, match: index % 2 === 0 ? "prefix" : "exact", allow: { call: true } };
  }).map((permission) => permission.match === "exact" ? { ...permission, uri: `${permission.uri}x` } : permission),
];

const REALMS: readonly RealmOptions[] = [
  { uri: "no rules" },
  { uri: "10,000 permissions", roles: { anonymous: { permissions: PERMISSIONS } } },
  { uri: "authorizer", authorize: () => ({ allow: true, cache: true }) },
  { uri: "limits", limits: { maxMessageRate: 1e9, maxMessageSize: 1e6 } },
];

const router = createRouter({ realms: REALMS.map((realm) => ({ ...realm, uri: uriOf(realm) })) });
const payload = Payload.of([1, "abcdefghijklmnopqrstuvwxyz012345"]);
const procedure = "com.example.run";
const topic = "com.example.topic";

function uriOf({ uri }: RealmOptions): string {
  return uri.replaceAll(/[^a-z]/g, "_");
}

function joined(realm: RealmOptions): Wire {
  const wire = new Wire();
  router.attach(wire);
  wire.give(encode({ type: MESSAGE.HELLO, realm: uriOf(realm), details: { roles: ROLES } }));
  return wire;
}

/** Without rules and with them in turn, so that no realm has the warmest code. */
const parts = REALMS.map((realm) => {
  const [caller, callee] = [joined(realm), joined(realm)];
  callee.give(encode({ type: MESSAGE.REGISTER, request: 1, options: {}, procedure }));
  for (let index = 0; index < SUBSCRIBERS; index++) {
    joined(realm).give(encode({ type: MESSAGE.SUBSCRIBE, request: 1, options: {}, topic }));
  }
  return { realm, caller, callee, invocation: 0 };
});

const calls = Array.from({ length: REPEATS }, (_, index) => {
  return encode({ type: MESSAGE.CALL, request: index + 1, options: {}, procedure, payload });
});
const publication = encode({ type: MESSAGE.PUBLISH, request: 1, options: {}, topic, payload });

for (const part of parts) {
  const { realm, caller, callee } = part;
  Deno.bench(realm.uri, { group: `${REPEATS} calls`, baseline: realm === REALMS[0] }, () => {
    for (const call of calls) {
      caller.give(call);
      // Invocations are numbered by the router, so that their answers cannot be encoded before.
      callee.give(encode({ type: MESSAGE.YIELD, request: ++part.invocation, options: {}, payload }));
    }
  });
}

for (const { realm, caller } of parts) {
  const group = `${REPEATS} publications to ${SUBSCRIBERS}`;
  Deno.bench(realm.uri, { group, baseline: realm === REALMS[0] }, () => {
    for (let repeat = 0; repeat < REPEATS; repeat++) caller.give(publication);
  });
}
