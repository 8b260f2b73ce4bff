/**
 * Joins with a password, of which the router has only what is derived from it: who steals that cannot join. The router
 * proves, too, that it knows her. The password is in the variable MARY_PASSWORD; what the router has was made for
 * "correct horse battery staple", by `scramCredential()`.
 *
 * ```sh
 * viaduct router --config examples/auth/scram.json
 * deno run --allow-net --allow-env=MARY_PASSWORD examples/auth/scram.ts
 * ```
 *
 * @module
 */

import { join } from "@viaduct/viaduct/wamp";
import { scram } from "@viaduct/viaduct/wamp/auth";

const [url = "ws://127.0.0.1:8080/ws"] = Deno.args;
const auth = [scram({ authid: "mary", password: Deno.env.get("MARY_PASSWORD") ?? "" })];
await using session = await join(url, { realm: "realm1", auth });
console.log(`${session.authmethod}: ${session.authid} is a ${session.authrole}`);
await session.publish("com.example.hello", [session.authid], { acknowledge: true });
