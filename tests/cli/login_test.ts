import { join as joinPath } from "node:path";
import {
  acceptAnonymous,
  acceptCertificate,
  acceptCryptosign,
  acceptScram,
  acceptTicket,
  acceptWampcra,
  scramCredential,
} from "@viaduct/viaduct/wamp/auth";
import { createRouter, serveRouter } from "@viaduct/viaduct/wamp/router";
import { assert, assertEquals, assertMatch } from "../std.ts";
import { createTlsFixture } from "../tls_fixture.ts";
import { runMain } from "./running.ts";

/** The first key of the specification's vectors (WAMP, Cryptosign-based Authentication). */
const PRIVATE_KEY = "4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510";
const PUBLIC_KEY = "1adfc8bfe1d35616e64dffbd900096f23b066f914c8c2ffbb66f6075b96e116d";

/** What a test logs in at: a router with TLS that knows joe by every method, and files that hold what he needs. */
interface Door {
  /** Asks the router who we are, and gives its answer, or what was reported. */
  who(...options: string[]): Promise<{ code: number; who: string; reported: string }>;
  path(name: string): string;
}

async function withDoor(use: (door: Door) => Promise<void>): Promise<void> {
  const { caCert, server, client } = createTlsFixture();
  const joe = { role: "user" };
  const password = "correct horse";
  await using router = createRouter({
    realms: [{
      uri: "realm1",
      auth: [
        acceptAnonymous({ authrole: "guest" }),
        acceptTicket({ principals: { joe: { ...joe, ticket: "a ticket" } } }),
        acceptWampcra({ users: { joe: { ...joe, secret: password } } }),
        acceptScram({ users: { joe: { ...joe, ...await scramCredential(password, { iterations: 4_096 }) } } }),
        acceptCryptosign({ principals: { joe: { ...joe, keys: [PUBLIC_KEY] } } }),
        acceptCertificate({ principals: { alice: joe } }),
      ],
    }],
  });
  const tls = { ...server, clientCaCerts: [caCert], requireClientCert: false };
  await using listening = await serveRouter(router, { port: 0, hostname: "127.0.0.1", tls });
  await using backend = await router.join("realm1");
  await backend.register("com.test.who", ({ details }) => `${details.caller_authid} ${details.caller_authrole}`, {
    discloseCaller: true,
  });
  const folder = await Deno.makeTempDir();
  const path = (name: string): string => joinPath(folder, name);
  const files = { "ca.pem": caCert, "alice.pem": client.cert, "alice.key": client.key, "ticket": "a ticket\n" };
  for (const [name, text] of Object.entries({ ...files, "empty": "\n" })) await Deno.writeTextFile(path(name), text);
  try {
    const at = ["--url", listening.url, "--ca-cert", path("ca.pem")];
    await use({
      path,
      who: async (...options) => {
        const { code, printed, reported } = await runMain(["call", "com.test.who", ...at, ...options]);
        return { code, who: printed.join("\n"), reported: reported.join("\n") };
      },
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Sets variables of the environment for a while. */
async function withVariables(variables: Readonly<Record<string, string>>, use: () => Promise<void>): Promise<void> {
  for (const [name, value] of Object.entries(variables)) Deno.env.set(name, value);
  try {
    await use();
  } finally {
    for (const name of Object.keys(variables)) Deno.env.delete(name);
  }
}

Deno.test("commands log in by every method, with secrets from variables and files", async () => {
  const variables = {
    VIADUCT_TEST_PASSWORD: "correct horse",
    VIADUCT_TEST_KEY: PRIVATE_KEY,
    VIADUCT_TEST_WRONG: "wrong",
  };
  await withVariables(variables, () =>
    withDoor(async ({ who, path }) => {
      const joe = ["--authid", "joe"];
      const asJoe: readonly (readonly string[])[] = [
        ["--auth", "ticket", ...joe, "--secret", `file:${path("ticket")}`],
        ["--auth", "wampcra", ...joe, "--secret", "env:VIADUCT_TEST_PASSWORD"],
        ["--auth", "wamp-scram", ...joe, "--secret", "env:VIADUCT_TEST_PASSWORD"],
        ["--auth", "cryptosign", "--secret", "env:VIADUCT_TEST_KEY"],
        ["--auth", "cryptosign", ...joe, "--secret", "env:VIADUCT_TEST_KEY"],
      ];
      for (const options of asJoe) assertEquals(await who(...options), { code: 0, who: '"joe user"', reported: "" });
      const alice = ["--auth", "tls", "--cert", path("alice.pem"), "--key", path("alice.key")];
      assertEquals((await who(...alice)).who, '"alice user"');
      const guest = await who();
      assertMatch(guest.who, /^"\S+ guest"$/);

      const refused = await who("--auth", "wampcra", ...joe, "--secret", "env:VIADUCT_TEST_WRONG");
      assertEquals([refused.code, refused.who], [3, ""]);
      assertMatch(refused.reported, /wamp\.error\.authentication_denied/);
      assert(!refused.reported.includes('wrong"'), "No secret is told");
    }));
});

const USAGE: Readonly<Record<string, readonly [options: readonly string[], message: RegExp]>> = {
  "an unknown method": [["--auth", "magic"], /^viaduct: Option --auth must be one of anonymous, .*, received "magic"/],
  "no secret": [["--auth", "ticket", "--authid", "joe"], /Option --auth ticket needs --secret/],
  "nobody": [["--auth", "wampcra", "--secret", "env:VIADUCT_TEST_SET"], /Option --auth wampcra needs --authid/],
  "a secret in the arguments": [["--auth", "cryptosign", "--secret", "4d57"], /must be env:NAME or file:PATH/],
  "a variable that is not set": [
    ["--auth", "cryptosign", "--secret", "env:VIADUCT_TEST_UNSET"],
    /names the variable VIADUCT_TEST_UNSET, which is not set/,
  ],
  "a variable that cannot be had": [
    ["--auth", "cryptosign", "--secret", "env:A=B"],
    /names a variable that cannot be read: TypeError/,
  ],
  "a file that is not there": [
    ["--auth", "cryptosign", "--secret", "file:/nowhere/at/all"],
    /Option --secret names a file that cannot be read: NotFound/,
  ],
  "a secret without effect": [["--secret", "env:VIADUCT_TEST_SET"], /--secret has no effect with --auth anonymous/],
  "a certificate without its key": [["--cert", "/dev/null"], /Options --cert and --key go together/],
  "no certificate": [["--auth", "tls"], /Option --auth tls needs --cert and --key/],
};

for (const [name, [options, message]] of Object.entries(USAGE)) {
  Deno.test(`commands refuse to log in with ${name}`, async () => {
    await withVariables({ VIADUCT_TEST_SET: "set" }, async () => {
      const { code, reported } = await runMain(["call", "com.test.a", "--url", "ws://127.0.0.1:1/", ...options]);
      assertEquals(code, 2, reported.join("\n"));
      assertMatch(reported.join("\n"), message);
    });
  });
}

Deno.test("commands refuse to log in with an empty secret", async () => {
  await withDoor(async ({ who, path }) => {
    const { code, reported } = await who("--auth", "ticket", "--authid", "joe", "--secret", `file:${path("empty")}`);
    assertEquals(code, 2);
    assertMatch(reported, /which is empty/);
  });
});
