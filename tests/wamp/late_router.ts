/**
 * A router of one session, by RawSocket and in JSON, that keeps no timeouts and answers each call after the time that it
 * asks for: a program of its own, so that it goes on while its client is busy.
 *
 * @module
 */

import { MESSAGE } from "../../wamp/messages.ts";
import { Payload } from "../../wamp/payload.ts";
import { json } from "../../wamp/serializers/mod.ts";
import { rawSocketAcceptor } from "../../wamp/transports/rawsocket.ts";

const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
console.log(`listening on ${listener.addr.port}`);
const transport = await rawSocketAcceptor({ serializers: [json] })(await listener.accept());
transport.open({
  message: (bytes) =>
    json.decode(bytes, (message) => {
      if (message.type === MESSAGE.HELLO) {
        transport.send(json.encode({ type: MESSAGE.WELCOME, session: 1, details: { roles: { dealer: {} } } }));
      } else if (message.type === MESSAGE.CALL) {
        const { request, payload: { args } } = message;
        const payload = Payload.of([...args]);
        const result = { type: MESSAGE.RESULT, request, details: {}, payload } as const;
        setTimeout(() => transport.send(json.encode(result)), Number(args[0]));
      } else if (message.type === MESSAGE.GOODBYE) {
        transport.send(json.encode({ type: MESSAGE.GOODBYE, details: {}, reason: "wamp.close.goodbye_and_out" }));
      }
    }),
  drain() {},
  closed: () => listener.close(),
});
