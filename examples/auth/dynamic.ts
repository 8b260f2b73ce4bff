/**
 * Joins with a ticket that a procedure of the application looks at: a component answers the router's questions, by a
 * transport that the world does not reach, and says the role.
 *
 * ```sh
 * viaduct router --config examples/auth/dynamic.json
 * deno run --allow-net examples/auth/dynamic.ts
 * ```
 *
 * @module
 */

import { ApplicationError, component, join, JoinError } from "@viaduct/viaduct/wamp";
import { ticket } from "@viaduct/viaduct/wamp/auth";

const [url = "ws://127.0.0.1:8080/ws", inside = "ws://127.0.0.1:8081/ws"] = Deno.args;

await using authenticator = component({ transports: inside, realm: "realm1" })
  .register("com.example.authenticate", ({ args: [_realm, authid, details] }) => {
    const { ticket } = details as { readonly ticket: string };
    // Where a program would ask a database, or verify a token.
    if (ticket !== `token of ${authid}`) throw new ApplicationError("com.example.invalid_token");
    return "user";
  });
const running = authenticator.run();
for await (const { state } of authenticator.status()) if (state === "open") break;

for (const token of ["token of eve", "token of joe"]) {
  try {
    await using session = await join(url, { realm: "realm1", auth: [ticket({ authid: "eve", ticket: token })] });
    console.log(`${session.authmethod}: ${session.authid} is a ${session.authrole}`);
    await session.publish("com.example.hello", [session.authid], { acknowledge: true });
  } catch (error) {
    if (!(error instanceof JoinError)) throw error;
    console.log(`with the ${token}: ${error.reason}`);
  }
}

await authenticator.stop();
await running;
