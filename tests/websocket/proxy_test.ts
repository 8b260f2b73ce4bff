import { connect, type ConnectOptions } from "../../websocket/client.ts";
import { HandshakeError } from "../../websocket/errors.ts";
import { openTunnel, parseProxy, type TunnelTarget } from "../../websocket/proxy.ts";
import { serve } from "../../websocket/server.ts";
import type { ByteStream } from "../../internal/stream.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows, concat } from "../std.ts";
import { createTlsFixture } from "../tls_fixture.ts";
import { latin1, RawPeer, type RawServer, rawServer } from "./raw_server.ts";

const fixture = createTlsFixture();
const caCerts = [fixture.caCert];
const tls = { cert: fixture.server.cert, key: fixture.server.key };

Deno.test("parseProxy takes URLs apart", () => {
  const none = { credentials: undefined };
  const cases: [string, unknown][] = [
    ["http://proxy", { kind: "http", isTls: false, hostname: "proxy", port: 80, ...none }],
    ["https://proxy/", { kind: "http", isTls: true, hostname: "proxy", port: 443, ...none }],
    ["http://[::1]:3128", { kind: "http", isTls: false, hostname: "::1", port: 3128, ...none }],
    ["socks5://[::1]", { kind: "socks5", isTls: false, hostname: "::1", port: 1080, ...none }],
    ["socks5h://a%20b:c%40@proxy:9", {
      kind: "socks5",
      isTls: false,
      hostname: "proxy",
      port: 9,
      credentials: { username: "a b", password: "c@" },
    }],
  ];
  for (const [url, proxy] of cases) assertEquals<unknown>(parseProxy(url), proxy, url);
  assertEquals(parseProxy(new URL("http://proxy:1")).port, 1);
});

Deno.test("parseProxy refuses what no proxy has", () => {
  const cases: [string, new () => Error][] = [
    ["proxy:3128", SyntaxError],
    ["nonsense", SyntaxError],
    ["socks4://proxy", SyntaxError],
    ["http://proxy\r\nx", TypeError],
    ["http://proxy/path", TypeError],
    ["http://proxy/?a", TypeError],
    ["http://proxy/#a", TypeError],
    ["socks5://", TypeError],
    ["http://a%3ab:c@proxy", TypeError],
    ["http://%ff:c@proxy", TypeError],
    [`socks5://${"u".repeat(256)}:p@proxy`, RangeError],
    ["socks5://u@proxy", RangeError],
  ];
  for (const [url, kind] of cases) assertThrows(() => parseProxy(url), kind, undefined, url);
});

/** A stream that reads from a script of answers, one chunk a read, and keeps what is written. */
class ScriptedStream implements ByteStream {
  readonly written: Uint8Array[] = [];
  #answer: Uint8Array;
  readonly #chunk: number;

  constructor(answer: Uint8Array, chunk: number) {
    this.#answer = answer;
    this.#chunk = chunk;
  }

  get unread(): number {
    return this.#answer.length;
  }

  read(buffer: Uint8Array): Promise<number | null> {
    const part = this.#answer.subarray(0, Math.min(buffer.length, this.#chunk));
    if (part.length === 0) return Promise.resolve(null);
    buffer.set(part);
    this.#answer = this.#answer.subarray(part.length);
    return Promise.resolve(part.length);
  }

  write(bytes: Uint8Array): Promise<number> {
    const part = bytes.slice(0, this.#chunk);
    this.written.push(part);
    return Promise.resolve(part.length);
  }

  close(): void {
    throw new Error("The tunnel is not the owner");
  }
}

const CHUNKS = [1, 3, 1 << 20];
const TARGET: TunnelTarget = { hostname: "example.com", port: 443 };

async function tunnel(
  proxy: string,
  answer: Uint8Array,
  chunk: number,
  target = TARGET,
): Promise<{ readonly written: Uint8Array; readonly unread: number }> {
  const stream = new ScriptedStream(answer, chunk);
  await openTunnel(stream, parseProxy(proxy), target);
  return { written: concat(stream.written), unread: stream.unread };
}

Deno.test("openTunnel speaks SOCKS5 and reads exactly its answer (RFC 1928 §3 to §6)", async () => {
  const request = latin1("\x05\x01\x00\x03\x0bexample.com\x01\xbb");
  const bound: Uint8Array[] = [
    Uint8Array.of(5, 0, 0, 1, 127, 0, 0, 1, 4, 56),
    Uint8Array.of(5, 0, 0, 3, 2, 97, 98, 4, 56),
    concat([Uint8Array.of(5, 0, 0, 4), new Uint8Array(16), Uint8Array.of(4, 56)]),
  ];
  for (const chunk of CHUNKS) {
    for (const reply of bound) {
      const answer = concat([Uint8Array.of(5, 0), reply, latin1("next")]);
      const { written, unread } = await tunnel("socks5://proxy", answer, chunk);
      assertEquals(written, concat([Uint8Array.of(5, 1, 0), request]));
      assertEquals(unread, 4);
    }
  }
});

Deno.test("openTunnel authenticates with user and password (RFC 1929)", async () => {
  for (const chunk of CHUNKS) {
    const answer = Uint8Array.of(5, 2, 1, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0);
    const { written } = await tunnel("socks5://%C3%A4:pw@proxy", answer, chunk, { hostname: "10.1.2.3", port: 80 });
    const expected = latin1("\x05\x02\x00\x02" + "\x01\x02\xc3\xa4\x02pw" + "\x05\x01\x00\x01\x0a\x01\x02\x03\x00\x50");
    assertEquals(written, expected);
  }
});

Deno.test("openTunnel sends IPv6 addresses as 16 bytes (RFC 1928 §5)", async () => {
  const cases: [string, number[]][] = [
    ["::1", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]],
    ["2001:db8::ff00:42", [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0, 0, 0x42]],
    ["1:2:3:4:5:6:7:8", [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]],
    ["fe80::", [0xfe, 0x80, ...new Array(14).fill(0)]],
  ];
  for (const [hostname, address] of cases) {
    const answer = Uint8Array.of(5, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0);
    const { written } = await tunnel("socks5://proxy", answer, 1 << 20, { hostname, port: 1 });
    assertEquals([...written.subarray(3)], [5, 1, 0, 4, ...address, 0, 1], hostname);
  }
});

Deno.test("openTunnel fails on everything that SOCKS5 does not allow", async () => {
  const user = "socks5://user:pass@proxy";
  const plain = "socks5://proxy";
  const cases: [string, string, number[]][] = [
    [plain, "version must be 5, received 4", [4, 0]],
    [plain, "received 72", [...latin1("HTTP/1.1 400 Bad Request\r\n")]],
    [plain, "none of the methods 0", [5, 255]],
    [plain, "method must be one of 0, received 2", [5, 2]],
    [user, "method must be one of 0, 2, received 1", [5, 1]],
    [user, "refused user and password with status 1", [5, 2, 1, 1]],
    [user, "version of the authentication must be 1, received 5", [5, 2, 5, 0]],
    [plain, "host unreachable (4)", [5, 0, 5, 4, 0, 1, 0, 0, 0, 0, 0, 0]],
    [plain, "unassigned reply (99)", [5, 0, 5, 99, 0, 1, 0, 0, 0, 0, 0, 0]],
    [plain, "reserved byte must be 0, received 7", [5, 0, 5, 0, 7, 1, 0, 0, 0, 0, 0, 0]],
    [plain, "address type must be 1, 3 or 4, received 2", [5, 0, 5, 0, 0, 2]],
    [plain, "version must be 5, received 1", [5, 0, 1, 0, 0, 1]],
    [plain, "end of the stream", []],
    [plain, "end of the stream", [5, 0, 5, 0, 0, 1, 0, 0]],
  ];
  for (const [proxy, message, answer] of cases) {
    const error = await assertRejects(() => tunnel(proxy, Uint8Array.from(answer), 1 << 20), HandshakeError);
    assertEquals(error.code, "proxy");
    assertStringIncludes(error.message, message);
  }
});

Deno.test("openTunnel asks an HTTP proxy by CONNECT and reads its head (RFC 9110 §9.3.6)", async () => {
  for (const chunk of CHUNKS) {
    // The length of a body that does not come is to be ignored.
    const answer = latin1("HTTP/1.1 200 Connection established\r\nContent-Length: 5\r\n\r\n");
    const { written } = await tunnel("http://%C3%A4:pw@proxy", answer, chunk, { hostname: "::1", port: 80 });
    const credentials = btoa("\xc3\xa4:pw");
    const expected = `CONNECT [::1]:80 HTTP/1.1\r\nHost: [::1]:80\r\nProxy-Authorization: Basic ${credentials}\r\n\r\n`;
    assertEquals(written, latin1(expected));
  }
});

Deno.test("openTunnel fails on refusals and on bytes that cannot be the server's", async () => {
  const cases: [string, string, number][] = [
    ["HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 4\r\n\r\nauth", "received 407", 407],
    ["HTTP/1.1 502 Bad Gateway\r\n\r\n", "received 502", 502],
    ["HTTP/1.1 101 Switching Protocols\r\n\r\n", "received 101", 101],
    ["HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 101 Switching Protocols\r\n", "nothing behind its answer", 200],
    ["SSH-2.0\r\n\r\n", "unusable head", 0],
    ["HTTP/1.1 200 OK\r\nX", "end of the stream", 0],
    [`HTTP/1.1 200 OK\r\nX: ${"y".repeat(9000)}\r\n\r\n`, "unusable head", 0],
  ];
  for (const [answer, message, status] of cases) {
    const error = await assertRejects(() => tunnel("http://proxy", latin1(answer), 1 << 20), HandshakeError);
    assertEquals([error.code, error.status], ["proxy", status], answer);
    assertStringIncludes(error.message, message);
    if (status === 407) assertEquals(error.body, "auth");
  }
});

// --------------------------------------------------------------------------------------------- Through real proxies

async function pipe(from: Deno.Conn, to: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(16 << 10);
  try {
    for (let length = await from.read(buffer); length !== null; length = await from.read(buffer)) {
      for (let at = 0; at < length;) at += await to.write(buffer.subarray(at, length));
    }
    await to.closeWrite();
  } catch {
    // One end went away.
  }
}

async function relay(peer: RawPeer, port: number): Promise<void> {
  const upstream = await Deno.connect({ hostname: "127.0.0.1", port });
  await Promise.all([pipe(peer.conn, upstream), pipe(upstream, peer.conn)]);
  upstream.close();
}

/** Answers CONNECT, and notes what it was asked. */
async function serveConnect(peer: RawPeer, asked: string[]): Promise<void> {
  const head = await peer.readHead();
  asked.push(head);
  await peer.write("HTTP/1.1 200 Connection established\r\n\r\n");
  await relay(peer, Number(/^CONNECT \S+:(\d+) /.exec(head)?.[1]));
}

/** Answers SOCKS5 with user and password, and notes what it was asked. */
async function serveSocks(peer: RawPeer, asked: string[]): Promise<void> {
  const [, methods = 0] = await peer.read(2);
  await peer.read(methods);
  await peer.write(Uint8Array.of(5, 2));
  const [, userLength = 0] = await peer.read(2);
  const user = await peer.read(userLength);
  const [secretLength = 0] = await peer.read(1);
  await peer.read(secretLength);
  await peer.write(Uint8Array.of(1, 0));
  const [, , , kind, length = 0] = await peer.read(5);
  assertEquals(kind, 3);
  const name = await peer.read(length);
  const [high = 0, low = 0] = await peer.read(2);
  asked.push(`${new TextDecoder().decode(user)}@${new TextDecoder().decode(name)}`);
  await peer.write(Uint8Array.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0));
  await relay(peer, high << 8 | low);
}

function proxyServer(serveProxy: typeof serveConnect): RawServer & { readonly asked: string[] } {
  const asked: string[] = [];
  const server = rawServer((peer) => serveProxy(peer, asked));
  return Object.assign(server, { asked });
}

async function assertEchoes(url: string, options: ConnectOptions): Promise<void> {
  await using ws = await connect(url, options);
  const bytes = new Uint8Array(70_000).map((_, index) => index * 7);
  await ws.send(bytes);
  assertEquals((await ws[Symbol.asyncIterator]().next()).value, bytes);
  assertEquals(ws.info.isTls, url.startsWith("wss:"));
}

Deno.test("connect goes through an HTTP proxy and a SOCKS5 proxy, in the clear and with TLS", async () => {
  await using plain = serve({ port: 0, hostname: "127.0.0.1", message: (ws, data) => void ws.send(data) });
  await using secure = serve({ port: 0, hostname: "127.0.0.1", tls, message: (ws, data) => void ws.send(data) });
  const urls = [`ws://localhost:${new URL(plain.url).port}/`, `wss://localhost:${new URL(secure.url).port}/`];
  await using http = proxyServer(serveConnect);
  await using socks = proxyServer(serveSocks);
  for (const url of urls) {
    for (const tls of [{ caCerts }, { caCerts, ...fixture.client }]) {
      await assertEchoes(url, { tls, proxy: `http://user:pass@127.0.0.1:${http.port}` });
      await assertEchoes(url, { tls, proxy: new URL(`socks5h://user:pass@127.0.0.1:${socks.port}`) });
    }
  }
  assertEquals(http.asked.length, 4);
  for (const head of http.asked) {
    assert(head.startsWith("CONNECT localhost:"), head);
    assertStringIncludes(head, `Proxy-Authorization: Basic ${btoa("user:pass")}\r\n`);
  }
  assertEquals(socks.asked, new Array(4).fill("user@localhost"));
});

Deno.test("connect goes through an HTTP proxy that is reached by TLS", async () => {
  await using plain = serve({ port: 0, hostname: "127.0.0.1", message: (ws, data) => void ws.send(data) });
  await using secure = serve({ port: 0, hostname: "127.0.0.1", tls, message: (ws, data) => void ws.send(data) });
  const listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, ...tls, alpnProtocols: ["http/1.1"] });
  const asked: string[] = [];
  const serving = (async () => {
    const running: Promise<void>[] = [];
    for await (const conn of listener) running.push(serveConnect(new RawPeer(conn), asked).finally(() => conn.close()));
    await Promise.all(running);
  })();
  const proxy = `https://127.0.0.1:${listener.addr.port}`;
  await assertEchoes(`ws://localhost:${new URL(plain.url).port}/`, { tls: { caCerts }, proxy });
  await assertEchoes(`wss://localhost:${new URL(secure.url).port}/`, { tls: { caCerts }, proxy });
  assertEquals(asked.length, 2);
  const untrusted = await assertRejects(() => connect("ws://localhost/", { proxy }), HandshakeError);
  assertEquals(untrusted.code, "connection_lost");
  listener.close();
  await serving.catch(() => {});
});

Deno.test("connect reports what a proxy refuses, with its answer", async () => {
  await using raw = rawServer(async (peer) => {
    await peer.readHead();
    await peer.write("HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\nContent-Length: 2\r\n\r\nno");
    await peer.untilClosed();
  });
  const proxy = `http://127.0.0.1:${raw.port}`;
  const error = await assertRejects(() => connect("ws://example.com/", { proxy }), HandshakeError);
  assertEquals([error.code, error.status, error.body], ["proxy", 407, "no"]);
  assertEquals(error.headers.get("proxy-authenticate"), "Basic");
});
