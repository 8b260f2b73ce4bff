import { ConnectionClosedError, HandshakeError } from "../../websocket/errors.ts";
import {
  isRetryable,
  type ReconnectHooks,
  reconnecting,
  type ReconnectOptions,
  reconnectWith,
} from "../../websocket/reconnecting.ts";
import { serve } from "../../websocket/server.ts";
import type { WebSocketConnection } from "../../websocket/web_socket_connection.ts";
import { assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, assertThrows } from "../std.ts";

const URL = "ws://test.example/";

function refusal(status: number, headers: Record<string, string> = {}): HandshakeError {
  return new HandshakeError("unexpected_status", `Status ${status}`, { status, headers: new Headers(headers) });
}

const LOST = new HandshakeError("connection_lost", "Network is down");

/** Stands in for a connection: closes when told. */
function fakeConnection(code = 1000): { readonly ws: WebSocketConnection; readonly state: { closed: number } } {
  const state = { closed: 0 };
  const info = { code, reason: "", wasClean: code === 1000 };
  const ws = {
    close: () => {
      state.closed++;
      return Promise.resolve(info);
    },
  };
  return { ws: ws as Partial<WebSocketConnection> as WebSocketConnection, state };
}

/** Hooks that answer from a list, whose delays pass at once, and whose clock is set by hand. */
class FakeWorld {
  readonly delays: number[] = [];
  readonly answers: (Error | WebSocketConnection)[];
  connects = 0;
  now = 0;

  constructor(answers: (Error | WebSocketConnection)[]) {
    this.answers = answers;
  }

  readonly hooks: ReconnectHooks = {
    connect: () => {
      this.connects++;
      const answer = this.answers.shift() ?? new Error("The test has no more answers");
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
    delay: (milliseconds, signal) => {
      signal.throwIfAborted();
      this.delays.push(milliseconds);
      return Promise.resolve();
    },
    random: () => 0.5,
    now: () => this.now,
    wallClock: () => Date.UTC(2030, 0, 1),
  };

  iterate(options: ReconnectOptions = {}): AsyncIterableIterator<WebSocketConnection> {
    return reconnectWith(URL, options, this.hooks);
  }
}

Deno.test("reconnecting doubles the bound of a random delay with each failure", async () => {
  const { ws } = fakeConnection();
  const world = new FakeWorld([LOST, LOST, LOST, LOST, LOST, LOST, LOST, LOST, ws]);
  const iterator = world.iterate();
  assertStrictEquals((await iterator.next()).value, ws);
  assertEquals(world.delays, [250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
});

Deno.test("reconnecting starts over after a connection that lasted, and not after one that did not", async () => {
  const answers = [fakeConnection(), fakeConnection(1006), fakeConnection()];
  const world = new FakeWorld([LOST, ...answers.map(({ ws }) => ws)]);
  const infos: unknown[] = [];
  const iterator = world.iterate({
    backoff: { initial: 10, max: 1000 },
    onRetry: ({ error, attempt, delay }) => infos.push([error.name, attempt, delay]),
  });
  await iterator.next();
  world.now += 999;
  await iterator.next();
  world.now += 1000;
  await iterator.next();
  assertEquals(infos, [
    ["HandshakeError", 1, 5],
    ["ConnectionClosedError", 2, 10],
    ["ConnectionClosedError", 1, 5],
  ]);
});

Deno.test("reconnecting closes the connection when the body is done, and on break", async () => {
  const [first, second] = [fakeConnection(), fakeConnection()];
  const world = new FakeWorld([first.ws, second.ws]);
  let round = 0;
  for await (const ws of world.iterate()) {
    assertStrictEquals(ws, [first.ws, second.ws][round]);
    if (round++ === 1) break;
  }
  assertEquals([first.state.closed, second.state.closed, world.connects], [1, 1, 2]);
});

Deno.test("reconnecting closes the connection when the body throws", async () => {
  const { ws, state } = fakeConnection();
  const world = new FakeWorld([ws]);
  const error = new Error("In the body");
  const thrown = await (async () => {
    for await (const _ws of world.iterate()) throw error;
  })().catch((error) => error);
  assertStrictEquals(thrown, error);
  assertEquals(state.closed, 1);
});

Deno.test("reconnecting honours Retry-After with 429 and 503, in seconds and as a date, up to an hour", async () => {
  const cases: [HandshakeError, number][] = [
    [refusal(503, { "retry-after": "7" }), 7000],
    [refusal(429, { "retry-after": "Tue, 01 Jan 2030 00:01:00 GMT" }), 60_000],
    [refusal(503, { "retry-after": "9999999999" }), 3_600_000],
    [refusal(503, { "retry-after": "0" }), 250],
    [refusal(503, { "retry-after": "Mon, 01 Jan 2001 00:00:00 GMT" }), 250],
    [refusal(503, { "retry-after": "soon" }), 250],
    [refusal(503), 250],
    [refusal(500, { "retry-after": "7" }), 250],
  ];
  for (const [error, delay] of cases) {
    const world = new FakeWorld([error, fakeConnection().ws]);
    await world.iterate().next();
    assertEquals(world.delays, [delay]);
  }
});

function withCode(code: string): Error {
  return Object.assign(new Error(code), { code });
}

Deno.test("isRetryable says no where another attempt would not help", () => {
  const lostBy = (cause: unknown): HandshakeError => new HandshakeError("connection_lost", "Lost", { cause });
  const retryable: Error[] = [
    LOST,
    refusal(408),
    refusal(425),
    refusal(429),
    refusal(500),
    refusal(503),
    lostBy(new Deno.errors.ConnectionRefused()),
    lostBy(withCode("ECONNRESET")),
    new HandshakeError("timeout", "Too slow"),
    new ConnectionClosedError("Closed", { code: 1006, reason: "", wasClean: false }),
  ];
  const fatal: Error[] = [
    refusal(400),
    refusal(401),
    refusal(404),
    new HandshakeError("proxy", "Refused", { status: 407 }),
    lostBy(new Deno.errors.InvalidData("invalid peer certificate: UnknownIssuer")),
    lostBy(withCode("SELF_SIGNED_CERT_IN_CHAIN")),
    lostBy(withCode("ERR_TLS_CERT_ALTNAME_INVALID")),
    lostBy(withCode("CERT_HAS_EXPIRED")),
    new TypeError("A mistake"),
    new SyntaxError("A mistake"),
    new Deno.errors.NotCapable("No permission"),
  ];
  for (const error of retryable) assertEquals(isRetryable(error), true, `${error.message} ${error.cause}`);
  for (const error of fatal) assertEquals(isRetryable(error), false, `${error.message} ${error.cause}`);
});

Deno.test("reconnecting throws what it does not retry, and has ended then", async () => {
  const error = refusal(403);
  const world = new FakeWorld([LOST, error]);
  const iterator = world.iterate();
  assertStrictEquals(await iterator.next().catch((error) => error), error);
  assertEquals(await iterator.next(), { done: true, value: undefined });
  assertEquals(world.connects, 2);
});

Deno.test("reconnecting asks shouldRetry instead, about closures too", async () => {
  const asked: Error[] = [];
  const shouldRetry = (error: Error): boolean => asked.push(error) === 1;
  const error = refusal(403);
  const normal = new FakeWorld([error, fakeConnection(1000).ws]);
  const iterator = normal.iterate({ shouldRetry });
  await iterator.next();
  assertEquals(await iterator.next(), { done: true, value: undefined });
  assertStrictEquals(asked[0], error);
  assertInstanceOf(asked[1], ConnectionClosedError);
  const abnormal = new FakeWorld([fakeConnection(1008).ws]).iterate({ shouldRetry: () => false });
  await abnormal.next();
  assertEquals((await assertRejects(() => abnormal.next(), ConnectionClosedError)).info?.code, 1008);
});

Deno.test("reconnecting gives up after maxAttempts in a row", async () => {
  const world = new FakeWorld([LOST, LOST, LOST, LOST]);
  assertStrictEquals(await world.iterate({ maxAttempts: 3 }).next().catch((error) => error), LOST);
  assertEquals([world.connects, world.delays.length], [3, 2]);
  for (const maxAttempts of [0, -1, NaN]) assertThrows(() => reconnecting(URL, { maxAttempts }), RangeError);
  assertThrows(() => reconnecting(URL, { backoff: { factor: 0 } }), RangeError);
});

Deno.test("reconnecting serves overlapping calls of next one after the other", async () => {
  const [first, second] = [fakeConnection(), fakeConnection()];
  const iterator = new FakeWorld([first.ws, second.ws]).iterate();
  const results = await Promise.all([iterator.next(), iterator.next()]);
  assertEquals(results.map(({ value }) => value === first.ws), [true, false]);
  assertEquals([first.state.closed, second.state.closed], [1, 0]);
});

Deno.test("an abort ends the iteration with the signal's reason, also in a wait", async () => {
  const reason = new Error("Enough");
  const before = new FakeWorld([]).iterate({ signal: AbortSignal.abort(reason) });
  assertStrictEquals(await before.next().catch((error) => error), reason);
  const controller = new AbortController();
  const { signal } = controller;
  // The real delay, which would be half a day.
  const waiting = reconnecting("ws://127.0.0.1:1/", {
    signal,
    backoff: { initial: 1e9, max: 1e9 },
    onRetry: () => queueMicrotask(() => controller.abort(reason)),
  });
  assertStrictEquals(await waiting.next().catch((error) => error), reason);
  assertEquals(await waiting.next(), { done: true, value: undefined });
});

Deno.test("return ends a wait and an attempt", async () => {
  const waiting = reconnecting("ws://127.0.0.1:1/", {
    backoff: { initial: 1e9, max: 1e9 },
    onRetry: () => queueMicrotask(() => void waiting.return?.()),
  });
  assertEquals(await waiting.next(), { done: true, value: undefined });
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const attempt = reconnecting(`ws://127.0.0.1:${listener.addr.port}/`);
  const next = attempt.next();
  const conn = await listener.accept();
  await attempt.return?.();
  assertEquals(await next, { done: true, value: undefined });
  conn.close();
  listener.close();
});

Deno.test("reconnecting comes back to a real server, whatever way the connection ended", async () => {
  let served = 0;
  await using server = serve({ port: 0, hostname: "127.0.0.1" }, async (ws) => {
    await ws.send(`hello ${served++}`);
    if (served === 1) ws.terminate();
    else await ws.close(1012);
  });
  const received: unknown[] = [];
  const causes: unknown[] = [];
  const options: ReconnectOptions = {
    backoff: { initial: 1, max: 2 },
    onRetry: ({ error }) => causes.push(error instanceof ConnectionClosedError ? error.info?.code : error),
  };
  for await (const ws of reconnecting(server.url, options)) {
    try {
      for await (const message of ws) received.push(message);
    } catch (error) {
      assertInstanceOf(error, ConnectionClosedError);
    }
    if (causes.length === 2) break;
  }
  assertEquals(causes, [1006, 1012]);
  assertEquals(received.at(-1), "hello 2");
});
