/**
 * Viaduct's session under load. Arguments: the serializer, and the orders.
 *
 * @module
 */

import { join, type SerializerName } from "@viaduct/viaduct/wamp";
import { main } from "./workload.mjs";

const [serializer] = Deno.args;

await main(async (url: string) => {
  const session = await join(url, { realm: "realm1", serializers: [serializer as SerializerName] });
  return {
    call: (procedure: string, args: unknown[]) => session.call(procedure, args),
    register: (procedure: string, handler: (args: readonly unknown[]) => unknown) =>
      session.register(procedure, (invocation) => handler(invocation.args)),
    publish: (topic: string, args: unknown[]) => session.publish(topic, args),
    subscribe: (topic: string, handler: (args: readonly unknown[]) => unknown) =>
      session.subscribe(topic, (event) => handler(event.args)),
  };
});
