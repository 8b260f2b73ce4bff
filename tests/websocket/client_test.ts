import { connect, type ConnectOptions, type DialTarget } from "../../websocket/client.ts";
import { HandshakeError } from "../../websocket/errors.ts";
import { serve, type ServeOptions, type Server } from "../../websocket/server.ts";
import type { ByteStream } from "../../internal/stream.ts";
import type { WebSocketConnection } from "../../websocket/web_socket_connection.ts";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStringIncludes } from "../std.ts";
import { createTlsFixture, TestAuthority } from "../tls_fixture.ts";
import { rawServer } from "./raw_server.ts";
import { POSIX } from "../support/systems.ts";

const fixture = createTlsFixture();
const server = { cert: fixture.server.cert, key: fixture.server.key };
const caCerts = [fixture.caCert];

/** A server that sends every message back. */
function echoServer(options: ServeOptions = {}): Server {
  const place = options.unix === undefined && options.listener === undefined ? { port: 0, hostname: "127.0.0.1" } : {};
  return serve({ ...place, ...options, message: (ws, data, isText) => void ws.send(data, { text: isText }) });
}

async function nextMessage(ws: WebSocketConnection): Promise<string | Uint8Array | undefined> {
  return (await ws[Symbol.asyncIterator]().next()).value;
}

async function assertEchoes(ws: WebSocketConnection): Promise<void> {
  await ws.send("hällo");
  assertEquals(await nextMessage(ws), "hällo");
  const bytes = crypto.getRandomValues(new Uint8Array(60_000));
  await ws.send(bytes);
  assertEquals(await nextMessage(ws), bytes);
}

async function handshakeFailure(url: string | URL, options: ConnectOptions = {}): Promise<HandshakeError> {
  return await assertRejects(() => connect(url, options), HandshakeError);
}

function withProtocol(url: string, protocol: string): string {
  return url.replace(/^\w+/, protocol);
}

Deno.test("connect exchanges messages and tells what was agreed on", async () => {
  const requests: Request[] = [];
  await using echo = echoServer({
    subprotocols: ["b", "a"],
    upgrade: (request) => {
      requests.push(request);
      return { headers: { "x-answer": "42" } };
    },
  });
  const url = `${echo.url.replace("ws://", "http://user:p%C3%A4ss@")}path?query=1`;
  await using ws = await connect(url, { subprotocols: ["a", "b"], headers: { "X-Id": "7" } });
  await assertEchoes(ws);
  assertEquals(ws.subprotocol, "b");
  assertEquals(ws.responseHeaders?.get("x-answer"), "42");
  assertEquals(ws.request, undefined);
  assertEquals(ws.info.remoteAddress, new URL(echo.url).host);
  assertStringIncludes(ws.info.localAddress, "127.0.0.1:");
  assertEquals(ws.info.isTls, false);
  assertStringIncludes(ws.url, "/path?query=1");
  const [request] = requests;
  assertEquals(request?.headers.get("x-id"), "7");
  assertEquals(request?.headers.get("authorization"), `Basic ${btoa("user:p\xc3\xa4ss")}`);
});

Deno.test("connect offers compression where it is asked to", async () => {
  await using echo = echoServer({ compression: true });
  {
    await using ws = await connect(echo.url, { compression: { threshold: 0 } });
    assertStringIncludes(ws.extensions, "permessage-deflate");
    await assertEchoes(ws);
  }
  await using plain = await connect(echo.url);
  assertEquals(plain.extensions, "");
});

Deno.test("connect calls the handlers of the handler form", async () => {
  await using echo = echoServer();
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const calls: string[] = [];
  await connect(echo.url, {
    open(ws) {
      calls.push("open");
      void ws.send("x");
    },
    message(ws, data, isText) {
      calls.push(`message ${data.length} ${isText}`);
      void ws.close();
    },
    close(_ws, info) {
      calls.push("close");
      resolve(info);
    },
  });
  assertEquals(await promise, { code: 1000, reason: "", wasClean: true });
  assertEquals(calls, ["open", "message 1 true", "close"]);
});

Deno.test("connect refuses the caller's mistakes before anything is opened", async () => {
  await using raw = rawServer((peer) => peer.untilClosed());
  const { url } = raw;
  const bad: [string, new () => Error, string, ConnectOptions?][] = [
    ["no URL", SyntaxError, "nonsense"],
    ["other scheme", SyntaxError, "ftp://127.0.0.1/"],
    ["fragment", SyntaxError, `${url}#x`],
    ["CR LF in the URL", TypeError, `${url}a\r\nX: y`],
    ["NUL in the URL", TypeError, `${url}a\0`],
    ["CR LF in a header", TypeError, url, { headers: { "x-a": "b\r\nX-C: d" } }],
    ["LF in a header", TypeError, url, { headers: [["x-a", "b\nc"]] }],
    ["NUL in a header", TypeError, url, { headers: [["x-a", "b\0c"]] }],
    ["colon in a header's name", TypeError, url, { headers: [["x:a", "b"]] }],
    ["a header of the handshake", TypeError, url, { headers: { "sec-websocket-key": "x" } }],
    ["Host", TypeError, url, { headers: { host: "x" } }],
    ["CR LF in a subprotocol", TypeError, url, { subprotocols: ["a\r\nb"] }],
    ["a subprotocol twice", TypeError, url, { subprotocols: ["a", "a"] }],
    ["no time", RangeError, url, { handshakeTimeout: 0 }],
    ["negative redirects", RangeError, url, { redirect: -1 }],
    ["window bits", RangeError, url, { compression: { serverMaxWindowBits: 7 } }],
    ["limits", RangeError, url, { limits: { maxMessage: -1 } }],
    ["proxy and unix", TypeError, url, { proxy: "http://127.0.0.1", unix: "/x" }],
    ["dial and unix", TypeError, url, { dial: () => Promise.reject(new Error()), unix: "/x" }],
    ["dial and tls", TypeError, url, { dial: () => Promise.reject(new Error()), tls: {} }],
    ["empty unix", TypeError, url, { unix: "" }],
    ["certificate without key", TypeError, url, { tls: { cert: fixture.client.cert } }],
    ["key without certificate", TypeError, url, { tls: { key: fixture.client.key } }],
    ["certificate not PEM", TypeError, url, { tls: { caCerts: ["x"] } }],
    ["key not PEM", TypeError, url, { tls: { cert: fixture.client.cert, key: "x" } }],
    ["server name", TypeError, url, { tls: { serverName: "a b" } }],
    ["proxy scheme", SyntaxError, url, { proxy: "ftp://127.0.0.1" }],
    ["proxy with CR LF", TypeError, url, { proxy: "http://127.0.0.1\r\n" }],
  ];
  for (const [what, kind, target, options] of bad) {
    const error = await connect(target, options).then(() => undefined, (error) => error);
    assertInstanceOf(error, kind, what);
    assert(!(error instanceof HandshakeError), what);
  }
  assertEquals(raw.accepted, 0);
});

Deno.test("connect reports what the network says as connection_lost with the cause", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const error = await handshakeFailure(`ws://127.0.0.1:${port}/`);
  assertEquals(error.code, "connection_lost");
  assertEquals(error.status, 0);
  assertInstanceOf(error.cause, Deno.errors.ConnectionRefused);
  assertStringIncludes(error.message, `127.0.0.1:${port}`);
});

Deno.test("connect speaks TLS to a server whose authority it is told to trust", async () => {
  await using echo = echoServer({ tls: server });
  const { port } = new URL(echo.url);
  for (const host of ["127.0.0.1", "localhost"]) {
    await using ws = await connect(`wss://${host}:${port}/`, { tls: { caCerts } });
    assertEquals(ws.info.isTls, true);
    await assertEchoes(ws);
  }
});

Deno.test("connect refuses a certificate that is not trusted, expired or for another name", async () => {
  await using echo = echoServer({ tls: server });
  const expired = fixture.authority.issue({
    commonName: "localhost",
    addresses: ["127.0.0.1"],
    notAfter: new Date(Date.now() - 1000),
  });
  await using late = echoServer({ tls: expired });
  const cases: [string, ConnectOptions][] = [
    [echo.url, {}],
    [echo.url, { tls: { caCerts: [new TestAuthority().cert] } }],
    [echo.url, { tls: { caCerts, serverName: "example.com" } }],
    [late.url, { tls: { caCerts } }],
    // The same by node:tls, which a client certificate needs.
    [echo.url, { tls: { ...fixture.client } }],
    [echo.url, { tls: { ...fixture.client, caCerts, serverName: "example.com" } }],
    [late.url, { tls: { ...fixture.client, caCerts } }],
  ];
  for (const [url, options] of cases) {
    const error = await handshakeFailure(withProtocol(url, "wss"), options);
    assertEquals(error.code, "connection_lost");
    assertInstanceOf(error.cause, Error);
    assert(/certificate|altnames/i.test(error.message), error.message);
  }
});

Deno.test("connect shows a client certificate to a server that asks for one", async () => {
  const tls = { ...server, clientCaCerts: caCerts };
  await using echo = serve({ port: 0, hostname: "127.0.0.1", tls }, async (ws) => {
    await ws.send(ws.info.peerCertificate?.commonName ?? "nobody");
  });
  const url = withProtocol(echo.url, "wss");
  await using ws = await connect(url, { tls: { ...fixture.client, caCerts } });
  assertEquals(await nextMessage(ws), "alice");
  assertEquals((await handshakeFailure(url, { tls: { caCerts } })).code, "connection_lost");
});

Deno.test("connect reaches a Unix socket, with and without TLS", POSIX, async () => {
  const folder = await Deno.makeTempDir();
  try {
    await using plain = echoServer({ unix: `${folder}/plain` });
    await using ws = await connect("ws://example.com/x", { unix: `${folder}/plain` });
    await assertEchoes(ws);
    assertEquals(ws.info.remoteAddress, `${folder}/plain`);
    assertEquals(plain.connections.size, 1);
    await using _secure = echoServer({ unix: `${folder}/tls`, tls: server });
    await using wss = await connect("wss://localhost/x", { unix: `${folder}/tls`, tls: { caCerts } });
    await assertEchoes(wss);
    const missing = await handshakeFailure("ws://example.com/x", { unix: `${folder}/none` });
    assertInstanceOf(missing.cause, Deno.errors.NotFound);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

function hasIpv6(): boolean {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}

Deno.test({
  name: "connect takes IPv6 literals, with and without TLS",
  ignore: !hasIpv6(),
  fn: async () => {
    await using plain = echoServer({ hostname: "::1", port: 0 });
    const { port } = plain.addr as Deno.NetAddr;
    await using ws = await connect(`ws://[::1]:${port}/`);
    await assertEchoes(ws);
    assertEquals(ws.info.remoteAddress, `[::1]:${port}`);
    await using secure = echoServer({ hostname: "::1", port: 0, tls: server });
    const { port: securePort } = secure.addr as Deno.NetAddr;
    await using wss = await connect(`wss://[::1]:${securePort}/`, { tls: { caCerts } });
    await assertEchoes(wss);
  },
});

Deno.test("connect speaks over what dial opens", async () => {
  await using echo = echoServer();
  const targets: Omit<DialTarget, "signal">[] = [];
  const dial = async ({ signal, ...target }: DialTarget): Promise<ByteStream> => {
    targets.push(target);
    const { port } = echo.addr as Deno.NetAddr;
    return await Deno.connect({ hostname: "127.0.0.1", port, signal });
  };
  for (const url of ["ws://a.example/", "wss://[::1]:8443/x"]) {
    await using ws = await connect(url, { dial });
    await assertEchoes(ws);
    assertEquals(ws.info, { localAddress: "", remoteAddress: "", isTls: url.startsWith("wss") });
  }
  assertEquals(targets, [
    { hostname: "a.example", port: 80, isTls: false },
    { hostname: "::1", port: 8443, isTls: true },
  ]);
});

Deno.test("connect passes on what dial throws as the cause", async () => {
  const cause = new Error("No way");
  const error = await handshakeFailure("ws://a.example/", { dial: () => Promise.reject(cause) });
  assertEquals(error.code, "connection_lost");
  assertEquals(error.cause, cause);
});

Deno.test("connect closes what dial opens too late", async () => {
  const reason = new Error("Changed my mind");
  const controller = new AbortController();
  const late = Promise.withResolvers<ByteStream>();
  const closed = Promise.withResolvers<void>();
  let seen: AbortSignal | undefined;
  const opening = connect("ws://a.example/", {
    signal: controller.signal,
    dial: ({ signal }) => {
      seen = signal;
      return late.promise;
    },
  });
  controller.abort(reason);
  assertEquals(await opening.catch((error) => error), reason);
  assertEquals(seen?.aborted, true);
  late.resolve({
    read: () => Promise.resolve(null),
    write: (bytes) => Promise.resolve(bytes.length),
    close: () => closed.resolve(),
  });
  await closed.promise;
});

Deno.test("connect tells a program without permission so, and not that the network failed", async () => {
  const code = `import { connect } from ${JSON.stringify(import.meta.resolve("../../websocket/client.ts"))};
    await connect("ws://127.0.0.1:9/").catch((error) => console.log(error.name));`;
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--no-prompt", "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  });
  const child = command.spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(code));
  await writer.close();
  const { stdout } = await child.output();
  assertEquals(new TextDecoder().decode(stdout).trim(), "NotCapable");
});
