import { join } from "../../../wamp/join.ts";
import { createRouter } from "../../../wamp/router/router.ts";
import type { Router } from "../../../wamp/router/router_api.ts";
import { cbor, json } from "../../../wamp/serializers/mod.ts";
import { upgradeRequest } from "../../../wamp/router/web_upgrade.ts";
import type { WebSocketLike, WebSocketLikeEvent } from "../../../wamp/transports/web.ts";
import { assert, assertEquals, assertMatch, assertThrows } from "../../std.ts";
import { ROLES } from "./scripted_transport.ts";

/** A server of the platform's that gives its requests to a router. */
class Mounted implements AsyncDisposable {
  readonly router = createRouter();
  readonly server: Deno.HttpServer<Deno.NetAddr>;

  constructor(handle: (router: Router, request: Request) => Response = (router, request) => router.upgrade(request)) {
    const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
    this.server = Deno.serve(options, (request) => handle(this.router, request));
  }

  get url(): string {
    return `ws://127.0.0.1:${this.server.addr.port}/any/path`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.router.shutdown();
    await this.server.shutdown();
  }
}

/** The head of an upgrade request, as the platform gives it. */
function request(headers: Record<string, string>): Request {
  return new Request("http://router.example/ws", { headers: { upgrade: "websocket", ...headers } });
}

for (const name of ["json", "cbor", "msgpack.batched"] as const) {
  Deno.test(`router.upgrade() serves sessions within Deno.serve, with ${name}`, async () => {
    await using mounted = new Mounted();
    const session = await join(mounted.url, { realm: "realm1", serializers: [name] });
    await session.register("com.echo", ({ args }) => args[0]);
    assertEquals(await session.call("com.echo", ["x".repeat(100_000)]), "x".repeat(100_000));
    const details = await session.call<{ transport: unknown }>("wamp.session.get", [session.id]);
    assertEquals(details.transport, { type: "websocket", serializer: name, secure: false, agent: "Viaduct" });
    assert((await session.leave()).wasClean);
    assertEquals(mounted.router.statistics("realm1").sessions, 0);
  });
}

Deno.test("router.upgrade() says why a request is none, and lets the server live on", async () => {
  await using mounted = new Mounted((router, request) => {
    return new URL(request.url).pathname === "/page" ? new Response("A page") : router.upgrade(request);
  });
  const address = `http://127.0.0.1:${mounted.server.addr.port}`;
  const plain = await fetch(`${address}/ws`);
  assertEquals([plain.status, plain.headers.get("upgrade")], [426, "websocket"]);
  await plain.body?.cancel();
  assertEquals(await (await fetch(`${address}/page`)).text(), "A page");
});

Deno.test("an upgrade is refused to other origins, without a subprotocol that is spoken, and during shutdown", async () => {
  const accept = (): never => {
    throw new Error("It was accepted");
  };
  const context = { serializers: [cbor, json], refusal: undefined, accept };
  const cases: readonly (readonly [Record<string, string>, Partial<typeof context> | object, number, RegExp])[] = [
    [{}, {}, 400, /wamp\.2\.cbor, wamp\.2\.json/],
    [{ "sec-websocket-protocol": "chat, wamp.2.msgpack" }, {}, 400, /wamp\.2\.cbor/],
    [{ "sec-websocket-protocol": "wamp.2.json", origin: "https://evil.example" }, {}, 403, /Origin/],
    [{ "sec-websocket-protocol": "wamp.2.json", origin: "null" }, {}, 403, /Origin/],
    [{ "sec-websocket-protocol": "wamp.2.json" }, { refusal: "Closing time" }, 503, /Closing time/],
    [{ upgrade: "h2c" }, {}, 426, /WebSocket/],
  ];
  for (const [headers, options, status, words] of cases) {
    const response = upgradeRequest(request(headers), { ...context, ...options });
    assertEquals(response.status, status);
    assertMatch(await response.text(), words);
  }
});

Deno.test("router.upgrade() is refused with 503 once the router shuts down", async () => {
  const router = createRouter();
  await router.shutdown();
  assertEquals(router.upgrade(request({ "sec-websocket-protocol": "wamp.2.json" })).status, 503);
});

Deno.test("router.upgrade() admits pages of its own origin, and of those that are named", async () => {
  await using mounted = new Mounted((router, request) => router.upgrade(request, { origins: ["https://a.example"] }));
  for (const origin of [`http://127.0.0.1:${mounted.server.addr.port}`, "https://a.example"]) {
    await using session = await join(mounted.url, { realm: "realm1", headers: { origin } });
    assertEquals(session.state, "open");
  }
});

Deno.test("upgrading needs a platform that can", () => {
  const { upgradeWebSocket } = Deno;
  Object.assign(Deno, { upgradeWebSocket: undefined });
  try {
    const context = { serializers: [json], refusal: undefined, accept: () => {} };
    const headers = { "sec-websocket-protocol": "wamp.2.json" };
    assertThrows(() => upgradeRequest(request(headers), context), TypeError, "accept()");
  } finally {
    Object.assign(Deno, { upgradeWebSocket });
  }
});

/** A socket as Node's `ws` gives it. */
class Socket implements WebSocketLike {
  readonly protocol: string;
  readyState = 1;
  bufferedAmount = 0;
  binaryType = "nodebuffer";
  readonly sent: unknown[] = [];
  readonly #listeners = new Map<string, (event: WebSocketLikeEvent) => void>();

  constructor(protocol: string) {
    this.protocol = protocol;
  }

  send(data: string | Uint8Array): void {
    this.sent.push(data);
  }

  close(): void {
    this.readyState = 3;
    this.emit({ type: "close", code: 1000, reason: "", wasClean: true });
  }

  addEventListener(type: string, listener: (event: WebSocketLikeEvent) => void): void {
    this.#listeners.set(type, listener);
  }

  removeEventListener(type: string): void {
    this.#listeners.delete(type);
  }

  /** Tells the listeners. */
  emit(event: WebSocketLikeEvent): void {
    this.#listeners.get(event.type)?.(event);
  }
}

Deno.test("router.accept() serves a socket of somebody else's, and refuses one without a subprotocol of WAMP", async () => {
  const router = createRouter();
  for (const protocol of ["", "chat", "wamp.2.xml"]) {
    assertThrows(() => router.accept(new Socket(protocol)), TypeError, "wamp.2.json");
  }
  const socket = new Socket("wamp.2.json");
  router.accept(socket);
  socket.emit({ type: "message", data: JSON.stringify([1, "realm1", { roles: ROLES }]) });
  await router.join("realm1").then((session) => session.leave());
  const [welcome] = socket.sent;
  assertEquals((JSON.parse(String(welcome)) as unknown[])[0], 2);
  await router.shutdown({ timeout: 50 });
  assertEquals(socket.readyState, 3);
});
