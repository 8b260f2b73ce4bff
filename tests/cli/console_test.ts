import { ApplicationError, join, JoinError, type Session } from "@viaduct/viaduct/wamp";
import { acceptTicket, type JoinRequest, ticket } from "@viaduct/viaduct/wamp/auth";
import { createRouter, type RealmOptions, type Router } from "@viaduct/viaduct/wamp/router";
import { type ConsoleOptions, type RunningConsole, startConsole } from "../../cli/console/console.ts";
import { Sources } from "../../cli/console/sources.ts";
import type { Look } from "../../cli/console/look.ts";
import { RawClient, requestText, upgradeRequest } from "../raw_client.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../std.ts";

const REALM = "viaduct.console";
const LOCAL = { port: 0, hostname: "127.0.0.1" } as const;

/** A router, its console, and the console's realm seen from a client. */
class Fixture implements AsyncDisposable {
  readonly router: Router;
  console!: RunningConsole;

  private constructor(realm: Partial<RealmOptions>) {
    this.router = createRouter({ realms: [{ uri: "realm1", ...realm }, { uri: "realm2" }] });
  }

  static async start(realm: Partial<RealmOptions> = {}, access?: ConsoleOptions["access"]): Promise<Fixture> {
    const fixture = new Fixture(realm);
    fixture.console = await startConsole(fixture.router, { ...LOCAL, ...(access !== undefined && { access }) });
    return fixture;
  }

  get socket(): string {
    return new URL("/ws", this.console.url.replace(/^http/, "ws")).href;
  }

  get addr(): Deno.NetAddr {
    return { transport: "tcp", hostname: "127.0.0.1", port: Number(new URL(this.console.url).port) };
  }

  async join(): Promise<Session> {
    return await join(this.socket, { realm: REALM });
  }

  /** The status of an answer to a request. */
  async ask(text: string): Promise<{ readonly status: number; readonly body: string }> {
    using client = await RawClient.connect({ addr: this.addr });
    return await client.exchange(text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.console[Symbol.asyncDispose]();
    await this.router.shutdown({ timeout: 1_000 });
  }
}

async function look(session: Session, realm?: string, filter = "", after = 0): Promise<Look> {
  const { kwargs } = await session.callResult("viaduct.console.look", [realm ?? null, filter, after]);
  return kwargs as unknown as Look;
}

Deno.test("the console shows a realm and takes no part in it", async () => {
  await using fixture = await Fixture.start();
  const callee = await fixture.router.join("realm1", { authid: "callee" });
  await callee.register("com.example.echo", ({ args }) => args[0]);
  await using console = await fixture.join();
  const first = await look(console);
  assertEquals([first.realm, first.realms], ["realm1", ["realm1", "realm2"]]);
  assertEquals(first.sessions.map(({ authid }) => authid), ["callee"]);
  assertEquals(first.registrations.map(({ uri, members }) => [uri, members]), [["com.example.echo", 1]]);
  assertEquals([first.counts.sessions, first.counts.registrations], [1, 1]);
  assertEquals((await look(console, "realm2")).sessions, []);
  assertEquals((await look(console, "realm1", "nobody")).sessions, []);
});

Deno.test("the console calls, with progressive results and errors, and cancels", async () => {
  await using fixture = await Fixture.start();
  const callee = await fixture.router.join("realm1");
  await callee.register("com.example.count", async function* () {
    yield 1;
    yield 2;
    return await Promise.resolve("done");
  });
  await callee.register("com.example.fail", () => {
    throw new ApplicationError("com.example.error", [1], { why: "because" });
  });
  const canceled = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  await callee.register("com.example.wait", async ({ signal }) => {
    signal.addEventListener("abort", () => canceled.resolve());
    started.resolve();
    await canceled.promise;
  });
  await using console = await fixture.join();
  const call = "viaduct.console.call";
  const parts: unknown[] = [];
  for await (const { args } of console.callProgressive(call, ["realm1", "com.example.count", [], {}])) {
    parts.push(args[0]);
  }
  assertEquals(parts, [1, 2, "done"]);
  const error = await assertRejects(() => console.call(call, ["realm1", "com.example.fail", [], {}]), ApplicationError);
  assertEquals([error.uri, error.args, error.kwargs], ["com.example.error", [1], { why: "because" }]);
  const controller = new AbortController();
  const waiting = console.call(call, ["realm1", "com.example.wait", [], {}], { signal: controller.signal });
  await started.promise;
  controller.abort();
  await assertRejects(() => waiting, DOMException);
  await canceled.promise;
});

Deno.test("the console publishes, but not in the router's name", async () => {
  await using fixture = await Fixture.start();
  const subscriber = await fixture.router.join("realm1");
  const event = Promise.withResolvers<unknown>();
  await subscriber.subscribe("com.example.topic", ({ args, kwargs }) => event.resolve([args, kwargs]));
  await using console = await fixture.join();
  const publish = "viaduct.console.publish";
  const id = await console.call(publish, ["realm1", "com.example.topic", ["x"], { y: 1 }]);
  assertEquals(typeof id, "number");
  assertEquals(await event.promise, [["x"], { y: 1 }]);
  const refused = await assertRejects(
    () => console.call(publish, ["realm1", "wamp.session.on_join", [], {}]),
    ApplicationError,
  );
  assertEquals(refused.uri, "wamp.error.invalid_argument");
});

Deno.test("the console hands on events of a topic or a pattern until that is canceled", async () => {
  await using fixture = await Fixture.start();
  const publisher = await fixture.router.join("realm1");
  await using console = await fixture.join();
  const controller = new AbortController();
  const args = ["realm1", "com.example.", "prefix"];
  const events = console.callProgressive("viaduct.console.watch", args, { signal: controller.signal });
  assertEquals((await events.next()).value?.args, []);
  assertEquals(fixture.router.statistics("realm1").subscriptions, 1);
  const publication = await publisher.publish("com.example.a", [1], { kwargs: { b: 2 }, acknowledge: true });
  assertEquals((await events.next()).value?.args, ["com.example.a", [1], { b: 2 }, publication]);
  const gone = Promise.withResolvers<void>();
  await publisher.subscribe("wamp.subscription.on_delete", () => gone.resolve());
  controller.abort();
  await assertRejects(async () => void await events.next(), DOMException);
  await gone.promise;
  for (const wrong of [[1, "exact"], ["com.a", "regex"], ["com.a"]]) {
    const watching = console.call("viaduct.console.watch", ["realm1", ...wrong]);
    assertEquals((await assertRejects(() => watching, ApplicationError)).uri, "wamp.error.invalid_argument");
  }
});

Deno.test("the console ends sessions, and says where there is none", async () => {
  await using fixture = await Fixture.start();
  const victim = await fixture.router.join("realm1");
  await using console = await fixture.join();
  await console.call("viaduct.console.kill", ["realm1", victim.id]);
  assertEquals((await victim.closed).reason, "wamp.close.killed");
  for (
    const [realm, id, uri] of [
      ["realm1", victim.id, "wamp.error.no_such_session"],
      ["realm3", victim.id, "wamp.error.no_such_realm"],
      [1, 1, "wamp.error.no_such_realm"],
    ] as const
  ) {
    const error = await assertRejects(() => console.call("viaduct.console.kill", [realm, id]), ApplicationError);
    assertEquals(error.uri, uri);
  }
});

Deno.test("the console refuses arguments that are of the wrong kind", async () => {
  await using fixture = await Fixture.start();
  await using console = await fixture.join();
  for (const args of [["realm1"], ["realm1", "com.a"], ["realm1", "com.a", {}, {}], ["realm1", "com.a", [], []]]) {
    for (const name of ["call", "publish"]) {
      const error = await assertRejects(() => console.call(`viaduct.console.${name}`, args), ApplicationError);
      assertEquals(error.uri, "wamp.error.invalid_argument");
    }
  }
});

Deno.test("the console tells what went wrong, once, and not what goes wrong at other routers", async () => {
  await using fixture = await Fixture.start();
  await using other = createRouter();
  await using console = await fixture.join();
  for (const router of [fixture.router, other]) {
    const caller = await router.join("realm1");
    await assertRejects(() => caller.call("com.example.none"));
  }
  const { incidents } = await look(console);
  const [{ number, kind, realm, text } = { number: 0, kind: "", realm: "", text: "" }] = incidents;
  assertEquals([incidents.length, kind, realm, text], [1, "error", "realm1", "CALL: wamp.error.no_such_procedure"]);
  assertEquals((await look(console, "realm1", "", number)).incidents, []);
  assertEquals((await look(console, "realm2")).incidents, []);
});

Deno.test("whoever uses the console can do nothing else in its realm", async () => {
  await using fixture = await Fixture.start();
  await using console = await fixture.join();
  for (
    const attempt of [
      () => console.register("viaduct.console.other", () => 1),
      () => console.register("com.example.other", () => 1),
      () => console.subscribe("wamp.session.on_join", () => {}),
      () => console.call("wamp.session.list"),
      () => console.publish("com.example.topic", [], { acknowledge: true }),
    ]
  ) {
    const error = await assertRejects<ApplicationError>(attempt as () => Promise<unknown>, ApplicationError);
    assertEquals(error.uri, "wamp.error.not_authorized");
  }
});

Deno.test("the console's page and its scripts are served with a policy that lets nothing else in", async () => {
  await using fixture = await Fixture.start();
  const page = await fetch(fixture.console.url);
  assertEquals(page.status, 200);
  const policy = page.headers.get("content-security-policy") ?? "";
  for (const rule of ["default-src 'none'", "script-src 'self';", "frame-ancestors 'none'", "connect-src 'self'"]) {
    assert(policy.includes(rule), policy);
  }
  const html = await page.text();
  const links = [...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path = ""]) => path);
  assertEquals(links.length, 3);
  const seen = new Set<string>();
  for (let path = links.pop(); path !== undefined; path = links.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    const response = await fetch(new URL(path, fixture.console.url));
    const text = await response.text();
    assertEquals(response.status, 200, path);
    assertMatch(response.headers.get("content-type") ?? "", /^text\/(?:javascript|css); charset=utf-8$/);
    // Every script that a script imports is there as well.
    for (const [, specifier = ""] of text.matchAll(/^(?:import|export)[^"';]*?from\s+"(\.[^"]+)"/gms)) {
      links.push(new URL(specifier, new URL(path, fixture.console.url)).pathname);
    }
  }
  assert(seen.size > 50, `${seen.size} files`);
});

Deno.test("the console serves what a browser needs of the package, and nothing else", async () => {
  await using fixture = await Fixture.start();
  for (
    const path of [
      "/cli/main.ts",
      "/cli/console/backend.ts",
      "/deno.json",
      "/wamp/../cli/main.ts",
      "/wamp/%2e%2e/cli/main.ts",
      "/wamp//etc/passwd",
      "/internal/none.ts",
      "/cli/console/page/none.html",
    ]
  ) {
    assertEquals((await fixture.ask(requestText("GET", path, ["Host: localhost"]))).status, 404, path);
  }
});

Deno.test("a request that names this machine by a foreign name is answered with 421 (DNS rebinding)", async () => {
  await using fixture = await Fixture.start();
  const { port } = fixture.addr;
  for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`]) {
    assertEquals((await fixture.ask(requestText("GET", "/", [`Host: ${host}`]))).status, 200, host);
  }
  for (const host of [`evil.example:${port}`, "evil.example", `localhost.evil.example:${port}`]) {
    const { status, body } = await fixture.ask(requestText("GET", "/", [`Host: ${host}`]));
    assertEquals(status, 421, host);
    assert(!body.includes("<html"));
  }
});

Deno.test("a page of another origin cannot open the console's socket, whatever its name resolves to", async () => {
  await using fixture = await Fixture.start();
  const { port } = fixture.addr;
  const upgrade = async (host: string, origin: string): Promise<number> => {
    const fields = [`Origin: ${origin}`, "Sec-WebSocket-Protocol: wamp.2.json"];
    const text = upgradeRequest(fields, "/ws").replace(/^Host: .*$/m, `Host: ${host}`);
    using client = await RawClient.connect({ addr: fixture.addr });
    await client.write(text);
    return (await client.readHead()).status;
  };
  assertEquals(await upgrade(`localhost:${port}`, `http://localhost:${port}`), 101);
  for (
    const [host, origin] of [
      [`evil.example:${port}`, `http://evil.example:${port}`],
      [`localhost:${port}`, "http://evil.example"],
      [`localhost:${port}`, "http://localhost:3000"],
      [`localhost:${port}`, "null"],
    ] as const
  ) assertEquals(await upgrade(host, origin), 403, `${host} ${origin}`);
});

Deno.test("a console without a role listens on loopback only", async () => {
  await using router = createRouter();
  for (const hostname of ["0.0.0.0", "::", "192.0.2.1"]) {
    await assertRejects(() => startConsole(router, { port: 0, hostname }), TypeError, "must listen on loopback");
  }
});

Deno.test("a console behind a role lets in who proves to have it, by the methods of a realm", async () => {
  const auth = [
    acceptTicket({
      principals: { ada: { ticket: "secret of ada", role: "admin" }, bob: { ticket: "secret of bob", role: "user" } },
    }),
  ];
  const realm = { uri: "realm1", auth };
  await using fixture = await Fixture.start({ auth }, { role: "admin", realm });
  const options = (authid: string, secret: string) => ({ realm: REALM, auth: [ticket({ authid, ticket: secret })] });
  await using session = await join(fixture.socket, options("ada", "secret of ada"));
  assertEquals([session.authid, session.authrole], ["ada", "admin"]);
  assertEquals((await look(session)).realm, "realm1");
  const reasons: string[] = [];
  for (const [authid, secret] of [["ada", "wrong"], ["bob", "secret of bob"], ["eve", "secret of ada"]] as const) {
    const error = await assertRejects(() => join(fixture.socket, options(authid, secret)), JoinError);
    reasons.push(error.reason);
  }
  // Who has another role is told what who has a wrong secret is.
  assertEquals(new Set(reasons).size, 1);
  const anonymous = await assertRejects(() => join(fixture.socket, { realm: REALM }), JoinError);
  assertEquals(anonymous.reason, "wamp.error.no_matching_auth_method");
  // A name of its own is no secret here: who it lets in proves who they are.
  assertEquals((await fixture.ask(requestText("GET", "/", ["Host: router.example"]))).status, 200);
});

Deno.test("a console that is told of other methods lets in by those; who is in stays", async () => {
  const accessBy = (secret: string) => {
    const auth = [acceptTicket({ principals: { ada: { ticket: secret, role: "admin" } } })];
    return { role: "admin", realm: { uri: "realm1", auth } };
  };
  await using fixture = await Fixture.start({}, accessBy("old"));
  const options = (secret: string) => ({ realm: REALM, auth: [ticket({ authid: "ada", ticket: secret })] });
  await using session = await join(fixture.socket, options("old"));
  fixture.console.update(accessBy("new"));
  await assertRejects(() => join(fixture.socket, options("old")), JoinError);
  await using other = await join(fixture.socket, options("new"));
  for (const one of [session, other]) assertEquals((await look(one)).realm, "realm1");
});

Deno.test("a console lets nobody guess: after ten failures the right secret does not help either", async () => {
  const auth = [acceptTicket({ principals: { ada: { ticket: "right", role: "admin" } } })];
  await using fixture = await Fixture.start({}, { role: "admin", realm: { uri: "realm1", auth } });
  const attempt = (secret: string) =>
    join(fixture.socket, { realm: REALM, auth: [ticket({ authid: "ada", ticket: secret })] });
  for (let count = 0; count < 10; count++) await assertRejects(() => attempt(`wrong ${count}`), JoinError);
  const error = await assertRejects(() => attempt("right"), JoinError);
  assertEquals(error.reason, "wamp.error.unavailable");
});

Deno.test("a method that calls a procedure calls it in the realm that the console shows", async () => {
  const asked: unknown[] = [];
  const auth = [{
    method: "ticket",
    begin: () => ({
      challenge: {},
      verify: () => Promise.resolve({ authid: "ada", authrole: "admin" }),
    }),
  }, {
    method: "x-asks",
    begin: async ({ call }: JoinRequest) => {
      asked.push(await call("com.example.who", [1]));
      return { principal: { authid: "eve", authrole: "admin" } };
    },
  }];
  await using fixture = await Fixture.start({}, { role: "admin", realm: { uri: "realm1", auth } });
  const authenticator = await fixture.router.join("realm1");
  await authenticator.register("com.example.who", ({ args }) => ["who", ...args]);
  await using session = await join(fixture.socket, { realm: REALM, auth: [{ method: "x-asks" }] });
  assertEquals([session.authid, asked], ["eve", [["who", 1]]]);
});

Deno.test("a console whose port is taken leaves nothing open", async () => {
  await using fixture = await Fixture.start();
  await assertRejects(() => startConsole(fixture.router, { ...LOCAL, port: fixture.addr.port }), Deno.errors.AddrInUse);
});

Deno.test("a page that cannot be read is told before anybody asks for it", async () => {
  const error = await assertRejects(() => new Sources().check("/cli/console/page/none.html"), Error, "Cannot read");
  assert(error.cause !== undefined);
});
