/**
 * Joins with a ticket: a password, or a token that somebody issued. It goes over the wire as it is, so that it needs
 * TLS or a Unix socket where others could listen. Router and client take it from the variable JOE_TICKET.
 *
 * ```sh
 * viaduct router --config examples/auth/ticket.json
 * deno run --allow-net --allow-env=JOE_TICKET examples/auth/ticket.ts
 * ```
 *
 * @module
 */

import { join } from "@viaduct/viaduct/wamp";
import { ticket } from "@viaduct/viaduct/wamp/auth";

const [url = "ws://127.0.0.1:8080/ws"] = Deno.args;
// A function is asked for each session: a token that expires can be fetched anew.
const auth = [ticket({ authid: "joe", ticket: () => Deno.env.get("JOE_TICKET") ?? "" })];
await using session = await join(url, { realm: "realm1", auth });
console.log(`${session.authmethod}: ${session.authid} is a ${session.authrole}`);
await session.publish("com.example.hello", [session.authid], { acknowledge: true });
