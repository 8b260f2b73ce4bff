/**
 * A router that asks who its clients are, and clients that prove it: by a ticket, a shared secret, a password that
 * nobody else learns, a key, and by what a procedure says.
 *
 * ```sh
 * deno run --allow-net examples/wamp_authentication.ts
 * ```
 *
 * @module
 */

import { ApplicationError, join, JoinError } from "@viaduct/viaduct/wamp";
import {
  acceptCryptosign,
  acceptDynamic,
  acceptScram,
  acceptTicket,
  acceptWampcra,
  type Authenticator,
  cryptosign,
  deriveSecret,
  scram,
  scramCredential,
  ticket,
  wampcra,
} from "@viaduct/viaduct/wamp/auth";
import { createRouter, serveRouter } from "@viaduct/viaduct/wamp/router";

// What the router keeps. Of a password it needs no more than these; tickets are as good as passwords, so use TLS.
const tickets = { joe: { ticket: "secret!!!", role: "user" } };
const salted = { secret: await deriveSecret("secret2", "salt123", 10_000), salt: "salt123", iterations: 10_000 };
const passwords = { mary: { ...await scramCredential("pencil"), role: "user" } };
const keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBrfyL/h01YW5k3/vZAAlvI7Bm+RTIwv+7ZvYHW5bhFt device-7"];

await using router = createRouter({
  realms: [
    {
      uri: "realm1",
      auth: [
        acceptTicket({ principals: tickets }),
        acceptWampcra({ users: { paul: { ...salted, role: "user" } } }),
        acceptScram({ users: passwords }),
        acceptCryptosign({ principals: { "device-7": { keys, role: "device" } } }),
      ],
    },
    { uri: "realm2", auth: [acceptDynamic({ method: "ticket", procedure: "com.example.authenticate" })] },
  ],
});
await using server = await serveRouter(router, { hostname: "127.0.0.1", port: 0 });

// Sessions of this program are trusted, so that one of them can decide who comes in.
await using backend = await router.join("realm2");
await backend.register("com.example.authenticate", ({ args: [_realm, authid, details] }) => {
  const { ticket } = details as { ticket: string };
  if (ticket !== `token of ${authid}`) throw new ApplicationError("com.example.invalid_token");
  return { role: "user", extra: { since: 2026 } };
});

async function tell(realm: string, authenticator: Authenticator): Promise<void> {
  try {
    await using session = await join(server.url, { realm, auth: [authenticator] });
    console.log(`${session.authmethod}: ${session.authid} is a ${session.authrole}`);
  } catch (error) {
    if (!(error instanceof JoinError)) throw error;
    console.log(`${authenticator.method}: ${error.reason}`);
  }
}

const privateKey = "4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510";
await tell("realm1", ticket({ authid: "joe", ticket: "secret!!!" }));
await tell("realm1", wampcra({ authid: "paul", secret: "secret2" }));
await tell("realm1", scram({ authid: "mary", password: "pencil" }));
await tell("realm1", cryptosign({ privateKey }));
await tell("realm2", ticket({ authid: "eve", ticket: "token of eve" }));

// Nobody learns from the answer whether there is a user of that name.
await tell("realm1", scram({ authid: "mary", password: "pen" }));
await tell("realm1", scram({ authid: "nobody", password: "pencil" }));
await tell("realm2", ticket({ authid: "eve", ticket: "token of joe" }));
