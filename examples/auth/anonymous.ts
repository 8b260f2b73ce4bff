/**
 * Joins without saying who it is: the router makes up an id, and the role says what may be done.
 *
 * ```sh
 * viaduct router --config examples/auth/anonymous.json
 * deno run --allow-net examples/auth/anonymous.ts
 * ```
 *
 * @module
 */

import { join } from "@viaduct/viaduct/wamp";
import { anonymous } from "@viaduct/viaduct/wamp/auth";

const [url = "ws://127.0.0.1:8080/ws"] = Deno.args;
// This is the default: `auth` may as well be left out.
await using session = await join(url, { realm: "realm1", auth: [anonymous()] });
console.log(`${session.authmethod}: ${session.authid} is a ${session.authrole}`);
await session.publish("com.example.hello", [session.authid], { acknowledge: true });
