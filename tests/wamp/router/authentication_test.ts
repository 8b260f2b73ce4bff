import type { AuthDecision, AuthMethod, JoinRequest, Principal } from "../../../wamp/auth/accept.ts";
import { acceptAnonymous, acceptTicket, acceptWampcra } from "../../../wamp/auth/mod.ts";
import { signChallenge } from "../../../wamp/auth/wampcra.ts";
import type { RealmOptions, RouterOptions } from "../../../wamp/router/router_api.ts";
import { createRouter } from "../../../wamp/router/router.ts";
import type { TransportInfo } from "../../../wamp/transports/transport.ts";
import { settled, withFakeClock } from "../../fake_clock.ts";
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "../../std.ts";
import { fieldLogger } from "../field_logger.ts";
import { ROLES, RouterFixture, ScriptedTransport, type WireMessage } from "./scripted_transport.ts";

const TICKETS = { joe: { ticket: "right", role: "user" } };
const USERS = { peter: { secret: "secret1", role: "user" } };
const USER: Principal = { authid: "joe", authrole: "user" };

/** A method that the test decides for. */
class ScriptedMethod implements AuthMethod {
  readonly method = "scripted";
  readonly requests: JoinRequest[] = [];
  readonly decision = Promise.withResolvers<AuthDecision>();
  readonly verdict = Promise.withResolvers<Principal | undefined>();

  begin(request: JoinRequest): Promise<AuthDecision> {
    this.requests.push(request);
    return this.decision.promise;
  }

  challenge(): void {
    this.decision.resolve({ challenge: {}, verify: () => this.verdict.promise });
  }
}

function hello(client: ScriptedTransport, details: Record<string, unknown> = {}): void {
  client.deliver(1, "realm1", { roles: ROLES, ...details });
}

/** Asserts that the client was turned away. */
async function assertRefused(client: ScriptedTransport, reason: string): Promise<string> {
  const [type, details, uri] = await arrives(client);
  assertEquals([type, uri, client.ending], [3, reason, "close"]);
  return (details as { message: string }).message;
}

/** Asserts that the client was turned away since it broke the protocol. */
function assertViolates(client: ScriptedTransport): void {
  const [type, , uri] = client.takeOne();
  assertEquals([type, uri, client.ending], [3, "wamp.error.protocol_violation", "fail"]);
}

const MAX_TURNS = 5_000;

/** The next message, once WebCrypto has answered: that takes turns of the event loop. */
async function arrives(client: ScriptedTransport): Promise<WireMessage> {
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    const [message, ...others] = client.take();
    assertEquals(others, []);
    if (message !== undefined) return message;
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  throw new Error("No message came");
}

function fixtureWith(auth: readonly AuthMethod[], realm: Partial<RealmOptions> = {}, options: RouterOptions = {}) {
  return new RouterFixture({ auth, ...realm }, options);
}

/** A client that waits for the decision of a method. */
function pending(fixture: RouterFixture): ScriptedTransport {
  const client = fixture.attach();
  hello(client, { authmethods: ["scripted"], authid: "joe" });
  assertEquals(client.take(), []);
  return client;
}

Deno.test("CHALLENGE, AUTHENTICATE, WELCOME with who one is (WAMP, Challenge Response Authentication)", async () => {
  await using fixture = fixtureWith([acceptWampcra({ users: USERS })]);
  const client = fixture.attach();
  hello(client, { authmethods: ["wampcra"], authid: "peter" });
  const [type, method, extra] = await arrives(client);
  assertEquals([type, method], [4, "wampcra"]);
  const { challenge } = extra as { challenge: string };
  client.deliver(5, await signChallenge("secret1", challenge), {});
  const [welcome, session, details] = await arrives(client);
  // The id was in the challenge.
  assertEquals([welcome, session], [2, JSON.parse(challenge).session]);
  const { authid, authrole, authmethod, authprovider, realm } = details as Record<string, unknown>;
  assertEquals([authid, authrole, authmethod, authprovider, realm], ["peter", "user", "wampcra", "static", "realm1"]);
  fixture.assertEmpty(1);
});

Deno.test("the first of the client's methods that the realm has is taken (WAMP, Authentication Methods)", async () => {
  await using fixture = fixtureWith([acceptAnonymous({ authrole: "guest" }), acceptTicket({ principals: TICKETS })]);
  const client = fixture.attach();
  hello(client, { authmethods: ["cookie", "ticket", "anonymous"], authid: "joe" });
  assertEquals(client.takeOne(), [4, "ticket", {}]);
  const guest = fixture.attach();
  hello(guest, { authmethods: ["anonymous", "ticket"], authid: "joe" });
  const [, , details] = guest.takeOne();
  assertEquals((details as Record<string, unknown>).authrole, "guest");
});

Deno.test("a client that offers no method that the realm has is told which those are", async () => {
  await using fixture = fixtureWith([acceptTicket({ principals: TICKETS })]);
  const client = fixture.attach();
  hello(client, { authmethods: ["anonymous", "x".repeat(500)], authid: "joe" });
  const message = await assertRefused(client, "wamp.error.no_matching_auth_method");
  assertMatch(message, /^The realm takes ticket, received .*"anonymous", "xxx/);
  assert(message.length < 300);
  for (const details of [{}, { authmethods: [] }]) {
    const silent = fixture.attach();
    hello(silent, details);
    assertMatch(await assertRefused(silent, "wamp.error.authentication_required"), /ticket/);
  }
  fixture.assertEmpty();
});

Deno.test("who does not prove who it is gets the same answer, whatever was wrong", async () => {
  const ticket = acceptTicket({ principals: TICKETS });
  await using fixture = fixtureWith([ticket, acceptWampcra({ users: USERS })]);
  const answers = new Set<string>();
  for (const [authid, signature] of [["joe", "wrong"], ["joe", "righ"], ["joe", ""], ["jim", "right"], ["", ""]]) {
    const client = fixture.attach();
    hello(client, { authmethods: ["ticket"], ...(authid !== "" && { authid }) });
    assertEquals(await arrives(client), [4, "ticket", {}]);
    client.deliver(5, signature, {});
    answers.add(JSON.stringify(await arrives(client)));
  }
  const replayed = await signChallenge("secret1", "{}");
  for (const [authid, signature] of [["peter", replayed], ["peter", "x"], ["paul", replayed]]) {
    const client = fixture.attach();
    hello(client, { authmethods: ["wampcra"], authid });
    assertEquals((await arrives(client))[0], 4);
    client.deliver(5, signature, {});
    answers.add(JSON.stringify(await arrives(client)));
  }
  assertEquals([...answers], [
    '[3,{"message":"The client did not prove who it is"},"wamp.error.authentication_denied"]',
  ]);
  fixture.assertEmpty();
});

Deno.test("what a method says of the request itself is told to the client", async () => {
  await using fixture = fixtureWith([{ method: "scripted", begin: () => ({ refusal: "There is no key" }) }]);
  const client = fixture.attach();
  hello(client, { authmethods: ["scripted"] });
  assertEquals(await assertRefused(client, "wamp.error.authentication_denied"), "There is no key");
});

Deno.test("any message but AUTHENTICATE to a CHALLENGE is a protocol violation before WELCOME", async () => {
  const messages = [[1, "realm1", { roles: ROLES }], [48, 1, {}, "com.a"], [6, {}, "wamp.close.normal"], [5, "", {}]];
  for (const message of messages) {
    const method = new ScriptedMethod();
    await using fixture = fixtureWith([method]);
    const deciding = pending(fixture);
    deciding.deliver(...message);
    assertViolates(deciding);
    const challenged = pending(fixture);
    method.challenge();
    await settled();
    assertEquals(challenged.takeOne(), [4, "scripted", {}]);
    // The first answer is being judged: there is no second.
    if (message[0] === 5) challenged.deliver(5, "first", {});
    challenged.deliver(...message);
    assertViolates(challenged);
    method.verdict.resolve(USER);
    await settled();
    assertEquals([deciding.take(), challenged.take()], [[], []]);
    fixture.assertEmpty();
  }
});

Deno.test("a client that goes while it is asked leaves nothing behind, and nobody is waited for", async () => {
  const leave = (client: ScriptedTransport, how: string): void => {
    if (how === "lost") client.lose();
    else client.deliver(3, {}, "wamp.close.normal");
  };
  for (const how of ["lost", "abort"]) {
    for (const when of ["deciding", "challenged", "verifying"]) {
      const method = new ScriptedMethod();
      await using fixture = fixtureWith([method]);
      const client = pending(fixture);
      const { signal } = method.requests[0]!;
      if (when !== "deciding") method.challenge();
      await settled();
      if (when === "verifying") client.deliver(5, "right", {});
      client.take();
      leave(client, how);
      assertEquals(signal.aborted, true, `${how} ${when}`);
      method.challenge();
      method.verdict.resolve(USER);
      await settled();
      assertEquals([client.take(), client.ending], [[], how === "lost" ? "abort" : "close"]);
      fixture.assertEmpty();
      // A signal asked for later says the same.
      assertEquals(method.requests[0]!.signal.aborted, true);
    }
  }
});

Deno.test("a client, and a method, have authTimeout to come to an end", async () => {
  await withFakeClock(async (clock) => {
    const method = new ScriptedMethod();
    await using fixture = fixtureWith([method], {}, { authTimeout: 3_000 });
    const deciding = pending(fixture);
    await clock.advance(2_999);
    assertEquals(deciding.take(), []);
    const challenged = pending(fixture);
    await clock.advance(100);
    const [, details, uri] = deciding.takeOne();
    assertEquals([uri, deciding.ending], ["wamp.error.timeout", "close"]);
    assertMatch((details as { message: string }).message, /longer than 3000 ms/);
    method.challenge();
    await settled();
    assertEquals(challenged.takeOne()[0], 4);
    await clock.advance(3_000);
    const [, late, reason] = challenged.takeOne();
    assertEquals([reason, challenged.ending], ["wamp.error.timeout", "close"]);
    assertMatch((late as { message: string }).message, /No AUTHENTICATE arrived within 3000 ms/);
    fixture.assertEmpty();
  });
});

Deno.test("what a method throws is logged without secrets, and the client learns only that something failed", async () => {
  const parse = () => JSON.parse("my secret ticket");
  const methods: readonly Pick<AuthMethod, "begin">[] = [
    { begin: parse },
    { begin: () => Promise.reject(new Error("my secret ticket")) },
    { begin: () => ({ challenge: {}, verify: parse }) },
    { begin: () => ({ challenge: {}, verify: () => Promise.reject("my secret ticket") }) },
  ];
  for (const method of methods) {
    const { logger, records } = fieldLogger();
    await using fixture = fixtureWith([{ method: "scripted", ...method }], {}, { logger });
    const client = fixture.attach();
    hello(client, { authmethods: ["scripted"] });
    await settled();
    if (client.ending === undefined) {
      assertEquals(client.takeOne()[0], 4);
      client.deliver(5, "my secret ticket", {});
    }
    const message = await assertRefused(client, "wamp.error.authentication_failed");
    const log = JSON.stringify(records);
    assert(log.includes("Cannot authenticate"), log);
    assert(!log.includes("secret") && !message.includes("secret"), log);
    fixture.assertEmpty();
  }
});

Deno.test("a WELCOME or a CHALLENGE that cannot be written ends the joining", async () => {
  const unwritable = { key: () => {} };
  const methods: readonly Pick<AuthMethod, "begin">[] = [
    { begin: () => ({ principal: { ...USER, authextra: unwritable } }) },
    { begin: () => Promise.resolve({ principal: { ...USER, authextra: unwritable } }) },
    { begin: () => Promise.resolve({ challenge: unwritable, verify: () => Promise.resolve(undefined) }) },
  ];
  for (const method of methods) {
    await using fixture = fixtureWith([{ method: "scripted", ...method }]);
    const client = fixture.attach();
    hello(client, { authmethods: ["scripted"] });
    await assertRefused(client, "wamp.error.runtime_error");
    fixture.assertEmpty();
  }
});

Deno.test("a role that the realm does not have is refused with no_such_role (WAMP, Authentication)", async () => {
  const auth = [acceptAnonymous(), acceptTicket({ principals: TICKETS })];
  await using fixture = fixtureWith(auth, { roles: { user: { permissions: [] } } });
  const client = fixture.attach();
  hello(client);
  assertMatch(await assertRefused(client, "wamp.error.no_such_role"), /anonymous/);
  const joe = fixture.attach();
  hello(joe, { authmethods: ["ticket"], authid: "joe" });
  joe.take();
  joe.deliver(5, "right", {});
  assertEquals((await arrives(joe))[0], 2);
  // A session of this program is trusted whatever it is called.
  await using _trusted = await fixture.router.join("realm1", { authrole: "other" });
  fixture.assertEmpty(2);
});

Deno.test("a realm that goes, or fills up, while a client is asked is not joined", async () => {
  const method = new ScriptedMethod();
  await using fixture = fixtureWith([method, acceptAnonymous()], { limits: { maxSessions: 1 } });
  const late = pending(fixture);
  const first = fixture.join();
  method.decision.resolve({ principal: USER });
  await assertRefused(late, "wamp.error.unavailable");
  first.lose();
  const other = new ScriptedMethod();
  fixture.router.addRealm({ uri: "realm2", auth: [other] });
  const client = fixture.attach();
  client.deliver(1, "realm2", { roles: ROLES, authmethods: ["scripted"] });
  const removed = fixture.router.removeRealm("realm2");
  assertMatch(await assertRefused(client, "wamp.error.no_such_realm"), /realm2/);
  await removed;
  other.decision.resolve({ principal: USER });
  await settled();
  assertEquals(client.take(), []);
});

Deno.test("shutdown refuses those who are being asked", async () => {
  const fixture = fixtureWith([new ScriptedMethod()]);
  const client = pending(fixture);
  const down = fixture.router.shutdown({ timeout: 1_000 });
  await assertRefused(client, "wamp.close.system_shutdown");
  await down;
});

Deno.test("a principal may be sent to another realm, which must be there", async () => {
  const to = (realm: string): AuthMethod => ({
    method: realm,
    begin: () => ({ principal: { ...USER, authprovider: "map", authextra: { floor: 2 }, realm } }),
  });
  await using fixture = fixtureWith([to("realm2"), to("realm3")]);
  fixture.router.addRealm({ uri: "realm2", auth: [] });
  const client = fixture.attach();
  hello(client, { authmethods: ["realm2"] });
  const [, , details] = client.takeOne();
  const { realm, authprovider, authextra } = details as Record<string, unknown>;
  assertEquals([realm, authprovider, authextra], ["realm2", "map", { floor: 2 }]);
  assertEquals(fixture.router.statistics("realm2").sessions, 1);
  const lost = fixture.attach();
  hello(lost, { authmethods: ["realm3"] });
  assertMatch(await assertRefused(lost, "wamp.error.no_such_realm"), /realm3/);
  fixture.assertEmpty();
});

Deno.test("a method is told who asks: id, role and extra of the HELLO, and the transport", async () => {
  const method = new ScriptedMethod();
  await using fixture = fixtureWith([method]);
  const client = fixture.attach();
  hello(client, { authmethods: ["scripted"], authid: "joe", authrole: "admin", authextra: { key: 1 } });
  const { realm, session, authid, authrole, authextra, transport } = method.requests[0]!;
  assertEquals([realm, authid, authrole, authextra, transport.kind], ["realm1", "joe", "admin", { key: 1 }, "local"]);
  method.decision.resolve({ principal: USER });
  await settled();
  assertEquals(client.takeOne()[1], session);
});

/** A client from an address. */
class RemoteTransport extends ScriptedTransport {
  override readonly info: TransportInfo;

  constructor(remoteAddress: string) {
    super();
    this.info = { kind: "websocket", remoteAddress, localAddress: "", isTls: false };
  }
}

Deno.test("maxAuthFailures refuses an address for a minute; others, and anonymous clients, still come", async () => {
  await withFakeClock(async (clock) => {
    const begin = ({ authid }: JoinRequest) => authid === "joe" ? { principal: USER } : undefined;
    const auth = [{ method: "scripted", begin }, acceptAnonymous()];
    await using fixture = fixtureWith(auth, {}, { maxAuthFailures: 2 });
    const tried = (address: string, authid: string, method = "scripted"): readonly unknown[] => {
      const client = new RemoteTransport(address);
      fixture.router.attach(client);
      hello(client, { authmethods: [method], authid });
      return client.takeOne();
    };
    for (const port of [1, 2]) assertEquals(tried(`10.0.0.1:${port}`, "jim")[2], "wamp.error.authentication_denied");
    const [, details, uri] = tried("10.0.0.1:3", "joe");
    assertEquals(uri, "wamp.error.unavailable");
    assertMatch((details as { message: string }).message, /in a minute/);
    assertEquals(tried("10.0.0.2:1", "joe")[0], 2);
    assertEquals(tried("10.0.0.1:4", "joe", "anonymous")[0], 2);
    await clock.advance(60_000);
    assertEquals(tried("10.0.0.1:5", "joe")[0], 2);
    // Where an address is not known, nobody is kept out.
    for (const _ of [1, 2, 3]) tried("", "jim");
    assertEquals(tried("", "joe")[0], 2);
  });
});

Deno.test("a HELLO or an AUTHENTICATE of more than 64 KiB is a protocol violation", async () => {
  await using fixture = fixtureWith([acceptTicket({ principals: TICKETS }), acceptAnonymous()]);
  const long = "x".repeat(64 << 10);
  const greeting = fixture.attach();
  hello(greeting, { authid: long });
  assertViolates(greeting);
  const client = fixture.attach();
  hello(client, { authmethods: ["ticket"], authid: "joe" });
  client.take();
  client.deliver(5, long, {});
  assertViolates(client);
  // Who has joined may send more, and what of it arrives after GOODBYE is ignored as ever.
  const session = fixture.join();
  session.deliver(16, 1, { acknowledge: true }, "com.a", [long]);
  assertEquals(session.takeOne()[0], 17);
  session.deliver(6, {}, "wamp.close.normal");
  assertEquals(session.takeOne()[0], 6);
  session.deliver(16, 2, {}, "com.a", [long]);
  assertEquals([session.take(), session.ending], [[], undefined]);
});

Deno.test("another HELLO on the same transport must be proved again", async () => {
  await using fixture = fixtureWith([acceptTicket({ principals: TICKETS })]);
  const client = fixture.attach();
  for (const _ of [1, 2]) {
    hello(client, { authmethods: ["ticket"], authid: "joe" });
    assertEquals(client.takeOne()[0], 4);
    client.deliver(5, "right", {});
    assertEquals((await arrives(client))[0], 2);
    client.deliver(6, {}, "wamp.close.normal");
    assertEquals(client.takeOne()[0], 6);
  }
  fixture.assertEmpty();
});

Deno.test("options of authentication are checked", async () => {
  const auth = [acceptAnonymous(), acceptAnonymous()];
  assertThrows(() => createRouter({ realms: [{ uri: "realm1", auth }] }), TypeError, "anonymous again");
  assertThrows(() => createRouter({ authTimeout: 0 }), RangeError, "authTimeout");
  assertThrows(() => createRouter({ maxAuthFailures: 0 }), RangeError, "maxAuthFailures");
  await using fixture = fixtureWith([]);
  const client = fixture.attach();
  hello(client);
  assertMatch(await assertRefused(client, "wamp.error.authentication_required"), /no client/);
  await assertRejects(() => fixture.router.join("realm9"), Error, "no_such_realm");
});
