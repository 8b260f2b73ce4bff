import {
  acceptAnonymous,
  acceptCryptosign,
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
} from "../../wamp/auth/mod.ts";
import type { Dict } from "../../wamp/errors.ts";
import { assert, assertEquals } from "../std.ts";
import { countSteps } from "../wamp/auth/steps.ts";
import { hostileWamp, WampClient, type WampVictim, type Way } from "./wamp_victim.ts";

const PRIVATE_KEY = "4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510";
const OTHER_KEY = "d511fe78e23934b3dadb52fcd022974b80bd92bccc7c5cf404e46cc0a8a2f5cd";
const publicKey = `${(await cryptosign({ privateKey: PRIVATE_KEY }).hello!()).pubkey}`;
const secret = await deriveSecret("right", "salt", 100);

/** A realm with all methods, each of which knows `joe`. */
const REALM = {
  auth: [
    acceptAnonymous(),
    acceptTicket({ principals: { joe: { ticket: "right", role: "user" } } }),
    acceptWampcra({ users: { joe: { secret, role: "user", salt: "salt", iterations: 100 } } }),
    acceptScram({ users: { joe: { ...await scramCredential("right"), role: "user" } } }),
    acceptCryptosign({ principals: { joe: { keys: [publicKey], role: "user" } } }),
  ],
};

const DENIED = [3, { message: "The client did not prove who it is" }, "wamp.error.authentication_denied"];

/** A client at a CHALLENGE. */
interface Challenged extends Disposable {
  readonly client: WampClient;
  /** The Extra of the CHALLENGE. */
  readonly extra: Dict;
}

async function challenged(victim: WampVictim, way: Way, authenticator: Authenticator): Promise<Challenged> {
  const { method, authid } = authenticator;
  const authextra = await authenticator.hello?.() ?? {};
  const client = await WampClient.open(victim.server, way);
  const details = { roles: { caller: {} }, authmethods: [method], authextra, ...(authid !== undefined && { authid }) };
  await client.send([1, "realm1", details]);
  const [type, challengedMethod, extra] = await client.read() ?? [];
  assertEquals([type, challengedMethod], [4, method]);
  return { client, extra: extra as Dict, [Symbol.dispose]: () => client[Symbol.dispose]() };
}

/** The AUTHENTICATE of an authenticator. */
async function answer(authenticator: Authenticator, extra: Dict): Promise<readonly [number, string, Dict]> {
  const { signature, extra: more = {} } = await authenticator.answer!({ method: authenticator.method, extra });
  return [5, signature, more];
}

/** Asserts that an AUTHENTICATE is turned away in the one way there is. */
async function assertDenied({ client }: Challenged, message: readonly unknown[]): Promise<void> {
  assertEquals(await client.ask(...message), DENIED);
  await client.expectEnd(1000);
}

/** Clients by method: who knows the secret, and those who do not, or are not known. */
const CLIENTS: Readonly<Record<string, { right: Authenticator; wrong: Authenticator; unknown: Authenticator }>> = {
  ticket: {
    right: ticket({ authid: "joe", ticket: "right" }),
    wrong: ticket({ authid: "joe", ticket: "wrong" }),
    unknown: ticket({ authid: "jim", ticket: "right" }),
  },
  wampcra: {
    right: wampcra({ authid: "joe", secret: "right" }),
    wrong: wampcra({ authid: "joe", secret: "wrong" }),
    unknown: wampcra({ authid: "jim", secret: "right" }),
  },
  "wamp-scram": {
    right: scram({ authid: "joe", password: "right" }),
    wrong: scram({ authid: "joe", password: "wrong" }),
    unknown: scram({ authid: "jim", password: "right" }),
  },
  cryptosign: {
    right: cryptosign({ privateKey: PRIVATE_KEY }),
    wrong: cryptosign({ privateKey: PRIVATE_KEY, authid: "jim" }),
    unknown: cryptosign({ privateKey: OTHER_KEY }),
  },
};

for (const [method, { right, wrong, unknown }] of Object.entries(CLIENTS)) {
  hostileWamp(
    "wamp_denied",
    `${method}: a wrong answer and an unknown id cannot be told apart`,
    async (victim, way) => {
      const shapes: string[][] = [];
      const steps: Record<string, number>[] = [];
      for (const authenticator of [wrong, unknown]) {
        // The clients' own steps are the same, since they do the same.
        steps.push(
          await countSteps(async () => {
            using attack = await challenged(victim, way, authenticator);
            shapes.push(Object.keys(attack.extra));
            await assertDenied(attack, await answer(authenticator, attack.extra));
          }),
        );
      }
      assertEquals(shapes[0], shapes[1]);
      assertEquals(steps[0], steps[1]);
      using honest = await challenged(victim, way, right);
      const [welcome] = await honest.client.ask(...await answer(right, honest.extra));
      assertEquals(welcome, 2);
    },
    REALM,
  );

  hostileWamp("wamp_challenge", `${method}: a truncated, an empty and an overlong answer`, async (victim, way) => {
    for (const change of [(text: string) => text.slice(0, -1), () => "", (text: string) => text.repeat(100)]) {
      using attack = await challenged(victim, way, right);
      const [type, signature, extra] = await answer(right, attack.extra);
      await assertDenied(attack, [type, change(signature), extra]);
    }
  }, REALM);
}

for (const method of ["wampcra", "wamp-scram", "cryptosign"]) {
  const { right } = CLIENTS[method]!;
  hostileWamp("wamp_challenge", `${method}: the answer to an earlier challenge`, async (victim, way) => {
    using honest = await challenged(victim, way, right);
    const message = await answer(right, honest.extra);
    const [type] = await honest.client.ask(...message);
    assertEquals(type, 2);
    using replay = await challenged(victim, way, right);
    await assertDenied(replay, message);
    // Nor with what the new challenge says beside it.
    using mixed = await challenged(victim, way, right);
    const [, , extra] = await answer(right, mixed.extra);
    await assertDenied(mixed, [5, message[1], extra]);
  }, REALM);
}

hostileWamp(
  "wamp_denied",
  "an unknown id is challenged with the same salt again, by each method that has salts",
  async (victim, way) => {
    for (const method of ["wampcra", "wamp-scram"]) {
      const salts = new Set<unknown>();
      for (const _ of [1, 2]) {
        using attack = await challenged(victim, way, CLIENTS[method]!.unknown);
        salts.add(attack.extra.salt);
      }
      assert(salts.size === 1 && typeof [...salts][0] === "string");
    }
  },
  REALM,
);
