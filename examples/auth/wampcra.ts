/**
 * Joins by signing a challenge with a secret, which both sides know and never send. Both take it from the variable
 * PAUL_SECRET.
 *
 * ```sh
 * viaduct router --config examples/auth/wampcra.json
 * deno run --allow-net --allow-env=PAUL_SECRET examples/auth/wampcra.ts
 * ```
 *
 * @module
 */

import { join } from "@viaduct/viaduct/wamp";
import { wampcra } from "@viaduct/viaduct/wamp/auth";

const [url = "ws://127.0.0.1:8080/ws"] = Deno.args;
const auth = [wampcra({ authid: "paul", secret: Deno.env.get("PAUL_SECRET") ?? "" })];
await using session = await join(url, { realm: "realm1", auth });
console.log(`${session.authmethod}: ${session.authid} is a ${session.authrole}`);
await session.publish("com.example.hello", [session.authid], { acknowledge: true });
