/**
 * Encrypts arguments, results and events from end to end: the router passes on what it cannot read.
 *
 * ```sh
 * deno run --allow-net examples/wamp_encrypted.ts
 * ```
 *
 * @module
 */

import { aes256gcm, ApplicationError, join } from "@viaduct/viaduct/wamp";
import { createRouter, serveRouter } from "@viaduct/viaduct/wamp/router";

await using router = createRouter();
await using server = await serveRouter(router, { hostname: "127.0.0.1", port: 0 });

// Known to both ends, and to nobody between them.
const keys = { "key-1": crypto.getRandomValues(new Uint8Array(32)) };
const passthru = { scheme: "wamp", cipher: "aes256gcm", keyid: "key-1" };

await using doctor = await join(server.url, { realm: "realm1", passthru: [aes256gcm({ keys })] });
await doctor.register("com.example.diagnose", ({ args: [symptom] }) => `no ${symptom} tomorrow`);

// The answer to an encrypted call is encrypted by the same key.
await using patient = await join(server.url, { realm: "realm1", passthru: [aes256gcm({ keys })] });
console.log(`answer: ${await patient.call("com.example.diagnose", ["headache"], { passthru })}`);

await using stranger = await join(server.url, { realm: "realm1" });
await stranger.register("com.example.listen", () => "unheard");
try {
  await patient.call("com.example.listen", ["headache"], { passthru });
} catch (error) {
  if (error instanceof ApplicationError) console.log(`without a key: ${error.uri}`);
}
