import type { ConnectionInfo } from "../../websocket/web_socket_connection.ts";
import type { ServeOptions } from "../../websocket/server.ts";
import { type RawAnswer, RawClient, requestText, upgradeRequest } from "../raw_client.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "../std.ts";
import { assertEchoes, LOCAL, recordingLogger, serveEcho } from "./serving.ts";

/** Sends one request to a new server and reads the whole answer. */
async function ask(options: ServeOptions, request: string): Promise<RawAnswer> {
  await using server = serveEcho(options);
  using client = await RawClient.connect(server);
  return await client.exchange(request);
}

const GET = requestText("GET", "/page?a=1", ["Host: example.com:8080"]);
const HEAD = requestText("HEAD", "/page", ["Host: example.com"]);

// ----------------------------------------------------------------------------------------------------------- Upgrade

Deno.test("serve accepts an upgrade with the headers and subprotocol that upgrade chose", async () => {
  const asked: (string | null)[] = [];
  await using server = serveEcho({
    subprotocols: ["v2", "v1"],
    upgrade: (request, info) => {
      asked.push(request.method, request.url, request.headers.get("x-token"), String(info.isTls), info.remoteAddress);
      return { subprotocol: "v1", headers: { "X-Id": "7", "Set-Cookie": "a=b" } };
    },
  });
  using client = await RawClient.connect(server);
  await client.write(
    upgradeRequest(["Sec-WebSocket-Protocol: v0, v1,v2", "X-Token: t"], "/chat?room=1", "example.com"),
  );
  const { headers } = await client.readAcceptance();
  assertEquals(headers.get("sec-websocket-protocol"), "v1");
  assertEquals(headers.get("x-id"), "7");
  assertEquals(headers.get("set-cookie"), "a=b");
  assertEquals(headers.get("sec-websocket-extensions"), null);
  assertEquals(asked.slice(0, 4), ["GET", "http://example.com/chat?room=1", "t", "false"]);
  assertMatch(asked[4] ?? "", /^127\.0\.0\.1:\d+$/);
});

Deno.test("serve chooses the first subprotocol of its own that was offered, and none where none was", async () => {
  await using server = serveEcho({ subprotocols: ["v2", "v1"] });
  for (const [offer, chosen] of [["v1, v2", "v2"], ["v1", "v1"], ["v3", null]] as const) {
    using client = await RawClient.connect(server);
    const { headers } = await client.handshake([`Sec-WebSocket-Protocol: ${offer}`]);
    assertEquals(headers.get("sec-websocket-protocol"), chosen);
  }
});

Deno.test("upgrade refuses with a Response: status, headers and body", async () => {
  const upgrade = () => new Response("no entry", { status: 401, headers: { "www-authenticate": "Basic" } });
  const answer = await ask({ upgrade }, upgradeRequest());
  assertEquals(answer.status, 401);
  assertEquals(answer.body, "no entry");
  assertEquals(answer.headers.get("www-authenticate"), "Basic");
  assertEquals(answer.headers.get("connection"), "close");
});

Deno.test("upgrade may decide asynchronously", async () => {
  await using server = serveEcho({ upgrade: () => Promise.resolve({ headers: { "x-late": "1" } }) });
  using client = await RawClient.connect(server);
  assertEquals((await client.handshake()).headers.get("x-late"), "1");
});

const FAILING_UPGRADES: readonly (readonly [string, ServeOptions["upgrade"]])[] = [
  ["throws", () => {
    throw new Error("secret detail");
  }],
  ["rejects", () => Promise.reject(new Error("secret detail"))],
  ["chooses a subprotocol that was not offered", () => ({ subprotocol: "v9" })],
  ["sets a header that the handshake sets", () => ({ headers: { "Sec-WebSocket-Accept": "x" } })],
  ["sets a header with a byte that is not Latin-1", () => ({ headers: [["x-name", "\u0100"]] })],
  ["answers Response.error()", () => Response.error()],
  ["answers a Response whose body was used", async () => {
    const response = new Response("used");
    await response.text();
    return response;
  }],
];

for (const [what, upgrade] of FAILING_UPGRADES) {
  Deno.test(`serve answers 500 without details where upgrade ${what}`, async () => {
    const { logger, records } = recordingLogger();
    await using server = serveEcho({ upgrade: upgrade!, logger });
    using client = await RawClient.connect(server);
    const answer = await client.exchange(upgradeRequest(["Sec-WebSocket-Protocol: v1"]));
    assertEquals(answer.status, 500);
    assertEquals(answer.body, "Server failed\n");
    assertEquals(records.filter((record) => record.startsWith("error")).length, 1);
    assertEquals(server.connections.size, 0);
  });
}

// -------------------------------------------------------------------------------------------------------------- Fetch

Deno.test("fetch answers a plain GET with status, headers and body, and the connection closes", async () => {
  const seen: [Request, ConnectionInfo][] = [];
  const answer = await ask({
    fetch: (request, info) => {
      seen.push([request, info]);
      return new Response("<p>é</p>", { status: 203, statusText: "Mine", headers: { "content-type": "text/html" } });
    },
  }, GET);
  assertEquals([answer.status, answer.body], [203, "<p>é</p>"]);
  assertEquals(answer.headers.get("content-type"), "text/html");
  assertEquals(answer.headers.get("connection"), "close");
  assertEquals(seen.map(([request]) => [request.method, request.url]), [["GET", "http://example.com:8080/page?a=1"]]);
  assertEquals(seen[0]?.[1].isTls, false);
});

Deno.test("fetch answers HEAD: the head that GET would get, no body, and the source is cancelled", async () => {
  const cancelled = Promise.withResolvers<void>();
  const body = new ReadableStream<Uint8Array>({ cancel: () => cancelled.resolve() });
  const answer = await ask({ fetch: () => new Response(body, { headers: { "content-length": "123" } }) }, HEAD);
  assertEquals([answer.status, answer.body, answer.headers.get("content-length")], [200, "", "123"]);
  await cancelled.promise;
});

Deno.test("fetch may answer HEAD with the length of the body that GET would get", async () => {
  const answer = await ask({ fetch: () => new Response(null, { headers: { "content-length": "9" } }) }, HEAD);
  assertEquals(answer.headers.get("content-length"), "9");
});

Deno.test("fetch streams a body of many chunks", async () => {
  function* parts() {
    for (let part = 0; part < 50; part++) yield new TextEncoder().encode(`${part},`.repeat(1000));
  }
  const answer = await ask({ fetch: () => new Response(ReadableStream.from(parts())) }, GET);
  assertEquals(answer.body, Array.from({ length: 50 }, (_, part) => `${part},`.repeat(1000)).join(""));
});

Deno.test("fetch answers without a body: Content-Length 0, but none with 204", async () => {
  const empty = await ask({ fetch: () => new Response(null, { status: 404 }) }, GET);
  assertEquals([empty.status, empty.headers.get("content-length"), empty.body], [404, "0", ""]);
  const none = await ask({ fetch: () => new Response(null, { status: 204 }) }, GET);
  assertEquals([none.status, none.headers.get("content-length"), none.body], [204, null, ""]);
});

const FAILING_FETCHES: readonly (readonly [string, () => Response | Promise<Response>])[] = [
  ["throws", () => {
    throw new Error("secret detail");
  }],
  ["rejects", () => Promise.reject(new Error("secret detail"))],
  ["answers Response.error()", () => Response.error()],
  ["answers something else than a Response", () => JSON.parse("{}")],
];

for (const [what, fetch] of FAILING_FETCHES) {
  Deno.test(`serve answers 500 without details where fetch ${what}`, async () => {
    const answer = await ask({ fetch }, GET);
    assertEquals([answer.status, answer.body], [500, "Server failed\n"]);
  });
}

Deno.test("a body that fails ends the connection before its Content-Length, is logged, and the server lives on", async () => {
  const { logger, records } = recordingLogger();
  const body = () =>
    new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode("half")),
      pull: () => Promise.reject(new Error("Disk is gone")),
    }, { highWaterMark: 0 });
  await using server = serveEcho({
    fetch: () => new Response(body(), { headers: { "content-length": "8" } }),
    logger,
  });
  using client = await RawClient.connect(server);
  await client.write(GET);
  assertEquals((await client.readHead()).headers.get("content-length"), "8");
  assertEquals(new TextDecoder().decode(await client.readRest()), "half");
  assert(records.includes("error: Body of a response failed"));
  await assertEchoes(server);
});

Deno.test("a body that is not made of bytes ends the connection and is logged", async () => {
  const { logger, records } = recordingLogger();
  const answer = await ask({ fetch: () => new Response(ReadableStream.from(JSON.parse('["text"]'))), logger }, GET);
  assertEquals(answer.body, "");
  assert(records.includes("error: Body of a response failed"));
});

Deno.test("serve answers plain requests with 426 where there is no fetch", async () => {
  const answer = await ask({}, GET);
  assertEquals(answer.status, 426);
  assertEquals(answer.headers.get("upgrade"), "websocket");
  assertEquals(answer.headers.get("sec-websocket-version"), "13");
  assertStringIncludes(answer.headers.get("connection") ?? "", "close");
  assertEquals((await ask({}, HEAD)).body, "");
});

for (const method of ["POST", "PUT", "OPTIONS", "CONNECT", "get", "BREW"]) {
  Deno.test(`serve answers ${method} with 405 and what is allowed`, async () => {
    const fetch = () => new Response("never");
    const answer = await ask({ fetch }, requestText(method, "/", ["Host: a"]));
    assertEquals([answer.status, answer.headers.get("allow")], [405, "GET, HEAD"]);
  });
}

const BODIES: readonly (readonly [string, readonly string[], number])[] = [
  ["Content-Length: 5", ["Content-Length: 5"], 400],
  ["Content-Length twice", ["Content-Length: 0", "Content-Length: 0"], 400],
  ["a Content-Length that is no number", ["Content-Length: +0"], 400],
  ["Transfer-Encoding", ["Transfer-Encoding: chunked"], 400],
  ["Content-Length: 0, which is none", ["Content-Length: 0"], 200],
];

for (const [what, lines, status] of BODIES) {
  Deno.test(`serve answers a GET with ${what} with ${status}`, async () => {
    const answer = await ask({ fetch: () => new Response("page") }, requestText("GET", "/", ["Host: a", ...lines]));
    assertEquals(answer.status, status);
  });
}

Deno.test("a pipelined second request gets no answer: one response a connection", async () => {
  let count = 0;
  const answer = await ask({ fetch: () => new Response(`page ${++count}`) }, GET + GET);
  assertEquals([answer.body, count], ["page 1", 1]);
});

Deno.test("the answer to a client that goes on sending is not lost", async () => {
  const request = requestText("POST", "/", ["Host: a", "Content-Length: 100000"]);
  assertEquals((await ask({}, request + "x".repeat(100_000))).status, 405);
});

// --------------------------------------------------------------------------------------------------------------- Path

Deno.test("path: one of several will do, and the first stands in the URL", async () => {
  await using server = serveEcho({ path: ["/a", "/b/c"] });
  assertMatch(server.url, /\/a$/);
  for (const target of ["/a", "/b/c?q"]) {
    using client = await RawClient.connect(server);
    await client.write(upgradeRequest([], target));
    await client.readAcceptance();
  }
  for (const target of ["/", "/b", "/a/", "/a,/b/c"]) {
    using client = await RawClient.connect(server);
    assertEquals((await client.exchange(upgradeRequest([], target))).status, 404, target);
  }
  assertThrows(() => serveEcho({ path: [] }), TypeError, "at least one");
  assertThrows(() => serveEcho({ path: ["/a", "b"] }), TypeError, 'received "b"');
});

Deno.test("path: another path gets 404, plain requests are not bound by it", async () => {
  await using server = serveEcho({ path: "/ws/ü", fetch: (request) => new Response(new URL(request.url).pathname) });
  for (const target of ["/ws/%C3%BC", "/ws/%C3%BC?q=1", "http://127.0.0.1/ws/%C3%BC"]) {
    using client = await RawClient.connect(server);
    await client.write(upgradeRequest([], target));
    await client.readAcceptance();
  }
  for (const target of ["/", "/ws", "/ws/%C3%BC/", "/x?/ws/%C3%BC"]) {
    using client = await RawClient.connect(server);
    assertEquals((await client.exchange(upgradeRequest([], target))).status, 404, target);
  }
  using client = await RawClient.connect(server);
  assertEquals((await client.exchange(requestText("GET", "/other", ["Host: a"]))).body, "/other");
  assertMatch(server.url, /\/ws\/%C3%BC$/);
});

Deno.test("path must be a path", () => {
  for (const path of ["ws", "", "/a?b", "/a#b"]) assertThrows(() => serveEcho({ path }), TypeError, "path");
});

// ------------------------------------------------------------------------------------------------------------ Origins

/** The status that an origin gets at a server; `undefined` sends no Origin. */
async function statusOf(
  server: { readonly addr: Deno.Addr },
  origin: string | undefined,
  host = "example.com",
): Promise<number> {
  using client = await RawClient.connect(server);
  await client.write(upgradeRequest(origin === undefined ? [] : [`Origin: ${origin}`], "/", host));
  return (await client.readHead()).status;
}

Deno.test("origins: same-origin is the default", async () => {
  await using server = serveEcho();
  assertEquals(await statusOf(server, undefined), 101);
  assertEquals(await statusOf(server, "https://example.com"), 101);
  assertEquals(await statusOf(server, "http://EXAMPLE.com:80"), 101);
  assertEquals(await statusOf(server, "http://example.com:8080", "example.com:8080"), 101);
  for (
    const origin of ["https://evil-example.com", "https://example.com:8080", "https://sub.example.com", "null", ""]
  ) {
    assertEquals(await statusOf(server, origin), 403, origin);
  }
});

Deno.test("origins: a list admits these and the same origin", async () => {
  await using server = serveEcho({ origins: ["https://app.example.org", "null"] });
  assertEquals(await statusOf(server, "https://app.example.org"), 101);
  assertEquals(await statusOf(server, "null"), 101);
  assertEquals(await statusOf(server, "https://example.com"), 101);
  assertEquals(await statusOf(server, "http://app.example.org"), 403);
});

Deno.test("origins: any admits every origin", async () => {
  await using server = serveEcho({ origins: "any" });
  assertEquals(await statusOf(server, "https://evil-example.com"), 101);
});

Deno.test("origins: a function decides, and its exception is answered with 500", async () => {
  await using server = serveEcho({
    origins: (origin, host) => {
      if (origin === "https://broken") throw new Error("No database");
      return origin === "https://friend" && host === "example.com";
    },
  });
  assertEquals(await statusOf(server, "https://friend"), 101);
  assertEquals(await statusOf(server, "https://friend", "other.com"), 403);
  assertEquals(await statusOf(server, "https://broken"), 500);
  await assertEchoes(server);
});

Deno.test("origins: what is no policy is refused at once", () => {
  assertThrows(() => serveEcho({ ...LOCAL, origins: ["example.com"] }), TypeError, "origins");
});

Deno.test("upgrade is not asked about an origin that is refused", async () => {
  let asked = 0;
  await using server = serveEcho({ upgrade: () => void asked++ });
  assertEquals(await statusOf(server, "https://evil.com"), 403);
  assertEquals(asked, 0);
});
