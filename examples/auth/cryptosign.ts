/**
 * Joins by signing a challenge with a private key, of which the router has the public one, and tells by it who this is.
 * The key is in the variable DEVICE_KEY: hex of an Ed25519 seed, PEM, or what `ssh-keygen -t ed25519` writes.
 *
 * ```sh
 * viaduct router --config examples/auth/cryptosign.json
 * deno run --allow-net --allow-env=DEVICE_KEY examples/auth/cryptosign.ts
 * ```
 *
 * @module
 */

import { join } from "@viaduct/viaduct/wamp";
import { cryptosign } from "@viaduct/viaduct/wamp/auth";

const [url = "ws://127.0.0.1:8080/ws"] = Deno.args;
const auth = [cryptosign({ privateKey: Deno.env.get("DEVICE_KEY") ?? "" })];
await using session = await join(url, { realm: "realm1", auth });
console.log(`${session.authmethod}: ${session.authid} is a ${session.authrole}`);
await session.publish("com.example.hello", [session.authid], { acknowledge: true });
