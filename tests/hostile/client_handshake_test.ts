/**
 * What servers and networks do to a client that opens a connection. Each case runs against a listening socket, and then
 * another connection must still work.
 *
 * @module
 */

import { connect, type ConnectOptions } from "../../websocket/client.ts";
import { ConnectionClosedError, HandshakeError, type HandshakeErrorCode } from "../../websocket/errors.ts";
import { withFakeClock } from "../fake_clock.ts";
import { assert, assertEquals, assertInstanceOf, assertRejects, concat } from "../std.ts";
import { createTlsFixture } from "../tls_fixture.ts";
import { latin1, type RawPeer, rawServer, serverFrame } from "../websocket/raw_server.ts";
import { POSIX } from "../support/systems.ts";

const TEXT = 1;
const CLOSE = 8;

/** Ends a connection as a well-behaved server: one message, close frame, and the client's close frame. */
async function serveHello(peer: RawPeer): Promise<void> {
  await peer.write(concat([serverFrame(TEXT, "hello"), serverFrame(CLOSE, Uint8Array.of(3, 232))]));
  // The client's close frame; then the server is the one to close (RFC 6455 §7.1.1).
  await peer.read(8);
}

async function serveGood(peer: RawPeer): Promise<void> {
  await peer.readHead();
  await peer.write(peer.acceptance());
  await serveHello(peer);
}

async function messagesFrom(url: string, options?: ConnectOptions): Promise<unknown[]> {
  await using ws = await connect(url, options);
  const messages: unknown[] = [];
  for await (const message of ws) messages.push(message);
  return messages;
}

async function assertStillWorks(): Promise<void> {
  await using good = rawServer(serveGood);
  assertEquals(await messagesFrom(good.url), ["hello"]);
}

/** Runs a script for one connection, which must fail, and returns the error. */
async function failure(
  script: (peer: RawPeer) => Promise<void>,
  options: ConnectOptions = {},
): Promise<HandshakeError> {
  await using raw = rawServer(async (peer, index) => {
    if (index > 0) return await serveGood(peer);
    await peer.readHead();
    await script(peer);
    await peer.untilClosed();
  });
  const error = await assertRejects(() => connect(raw.url, options), HandshakeError);
  assertEquals(await messagesFrom(raw.url), ["hello"]);
  return error;
}

function answer(text: string): (peer: RawPeer) => Promise<void> {
  return async (peer) => {
    await peer.write(text);
    await peer.conn.closeWrite?.();
  };
}

const UPGRADED = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];

Deno.test("a client fails the handshake on every wrong answer and says what came", async () => {
  const wrong: [string, HandshakeErrorCode, (peer: RawPeer) => string, ConnectOptions?][] = [
    ["wrong Accept", "invalid_accept", () => `${UPGRADED.join("\r\n")}\r\nSec-WebSocket-Accept: x\r\n\r\n`],
    ["no Accept", "invalid_accept", () => `${UPGRADED.join("\r\n")}\r\n\r\n`],
    ["no Upgrade", "invalid_upgrade", (peer) => peer.acceptance().replace(/Upgrade: websocket\r\n/, "")],
    ["other Upgrade", "invalid_upgrade", (peer) => peer.acceptance().replace("websocket", "h2c")],
    ["no Connection", "invalid_upgrade", (peer) => peer.acceptance().replace(/Connection: Upgrade\r\n/, "")],
    ["unrequested subprotocol", "unexpected_subprotocol", (peer) => peer.acceptance("Sec-WebSocket-Protocol: a")],
    [
      "another subprotocol",
      "unexpected_subprotocol",
      (peer) => peer.acceptance("Sec-WebSocket-Protocol: c"),
      { subprotocols: ["a", "b"] },
    ],
    [
      "two subprotocols",
      "unexpected_subprotocol",
      (peer) => peer.acceptance("Sec-WebSocket-Protocol: a, b"),
      { subprotocols: ["a", "b"] },
    ],
    [
      "unrequested extension",
      "unexpected_extension",
      (peer) => peer.acceptance("Sec-WebSocket-Extensions: permessage-deflate"),
    ],
    [
      "another extension",
      "unexpected_extension",
      (peer) => peer.acceptance("Sec-WebSocket-Extensions: constructor"),
      { compression: true },
    ],
    ["HTTP/1.0", "invalid_response", (peer) => peer.acceptance().replace("HTTP/1.1", "HTTP/1.0")],
    ["HTTP/2", "invalid_response", (peer) => peer.acceptance().replace("HTTP/1.1", "HTTP/2.0")],
    ["bare LF", "invalid_response", (peer) => peer.acceptance().replaceAll("\r\n", "\n")],
    ["obs-fold", "invalid_response", (peer) => peer.acceptance("X-A: b\r\n c")],
    ["no HTTP", "invalid_response", () => "SSH-2.0-OpenSSH_9.2\r\n\r\n"],
    ["a NUL in a value", "invalid_response", (peer) => peer.acceptance("X-A: b\0c")],
    ["too many fields", "head_too_large", (peer) => peer.acceptance(...new Array(101).fill("A: b"))],
    ["too long a line", "head_too_large", (peer) => peer.acceptance(`X-A: ${"b".repeat(9000)}`)],
    ["a head without end", "head_too_large", () => `HTTP/1.1 101 X\r\n${"A: b\r\n".repeat(20_000)}`],
    ["nothing", "connection_lost", () => ""],
    ["half a head", "connection_lost", () => "HTTP/1.1 101 Switching Protocols\r\nUpg"],
    ["HTTP/1.1 204", "unexpected_status", () => "HTTP/1.1 204 No Content\r\n\r\n"],
  ];
  for (const [what, code, text, options] of wrong) {
    const error = await failure(async (peer) => {
      await peer.write(text(peer)).catch(() => {});
      await peer.conn.closeWrite?.().catch(() => {});
    }, options);
    assertEquals(error.code, code, what);
  }
});

Deno.test("a client fails the handshake on every wrong answer to its offer of permessage-deflate", async () => {
  const parameters = [
    "server_max_window_bits=7",
    "server_max_window_bits=16",
    "server_max_window_bits=08",
    "server_max_window_bits=10; server_max_window_bits=10",
    "client_max_window_bits",
    "__proto__",
    "constructor=1",
  ];
  for (const parameter of parameters) {
    const error = await failure(async (peer) => {
      await peer.write(peer.acceptance(`Sec-WebSocket-Extensions: permessage-deflate; ${parameter}`));
    }, { compression: { serverNoContextTakeover: false } });
    assertEquals(error.code, "invalid_extension", parameter);
    assertEquals(error.status, 101);
  }
});

Deno.test("a refusal carries status, fields and at most 1 KiB of the body", async () => {
  const refusals: [string, string][] = [
    ["HTTP/1.1 401 Unauthorized\r\nX-Why: no\r\nContent-Length: 4\r\n\r\nnope, and more", "nope"],
    ["HTTP/1.1 401 Unauthorized\r\nX-Why: no\r\n\r\nuntil the end", "until the end"],
    ["HTTP/1.1 401 U\r\nX-Why: no\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", "abcde"],
    [`HTTP/1.1 401 U\r\nX-Why: no\r\n\r\n${"x".repeat(5000)}`, "x".repeat(1024)],
    [`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 401 U\r\nX-Why: no\r\nContent-Length: 0\r\n\r\n`, ""],
  ];
  for (const [text, body] of refusals) {
    const error = await failure(answer(text));
    assertEquals(error.code, "unexpected_status");
    assertEquals(error.status, 401);
    assertEquals(error.headers.get("x-why"), "no");
    assertEquals(error.body, body);
  }
});

Deno.test("a refusal whose body never ends is reported at the deadline", () =>
  withFakeClock(async (clock) => {
    const written = Promise.withResolvers<void>();
    const failing = failure(async (peer) => {
      await peer.write("HTTP/1.1 503 Busy\r\n\r\npartly");
      written.resolve();
    }, { handshakeTimeout: 5_000 });
    await written.promise;
    const error = await clock.until(failing);
    assertEquals(error.code, "unexpected_status");
    assertEquals(error.status, 503);
    assertEquals(error.body, "partly");
  }));

Deno.test("200 in place of 101 is a refusal", async () => {
  const error = await failure(answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"));
  assertEquals([error.code, error.status, error.body], ["unexpected_status", 200, "hello"]);
});

Deno.test("no frame is lost that came with the answer, however it is cut", async () => {
  for (const size of [1, 7, 1 << 20]) {
    await using raw = rawServer(async (peer) => {
      await peer.readHead();
      const frames = [serverFrame(TEXT, "one"), serverFrame(TEXT, "two"), serverFrame(CLOSE, Uint8Array.of(3, 232))];
      const bytes = concat([latin1(peer.acceptance()), ...frames]);
      for (let at = 0; at < bytes.length; at += size) await peer.write(bytes.subarray(at, at + size));
      await peer.read(8);
    });
    assertEquals(await messagesFrom(raw.url), ["one", "two"]);
  }
});

// -------------------------------------------------------------------------------------------------------- Redirects

const CREDENTIALS = { authorization: "Bearer x", cookie: "a=b", "Proxy-Authorization": "Basic y", "x-id": "7" };

function redirect(location: string, status = 302): string {
  return `HTTP/1.1 ${status} Found\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`;
}

/** A server that redirects, and notes the heads that it was asked with; from `goodFrom` on it accepts. */
function redirecting(location: string, heads: string[], goodFrom = 1) {
  return rawServer(async (peer, index) => {
    heads.push(await peer.readHead());
    if (index < goodFrom) return await peer.write(redirect(location));
    await peer.write(peer.acceptance());
    await serveHello(peer);
  });
}

Deno.test("a redirect is not followed unless asked for", async () => {
  const heads: string[] = [];
  await using raw = redirecting("/next", heads);
  const error = await assertRejects(() => connect(raw.url), HandshakeError);
  assertEquals([error.code, error.status, error.headers.get("location")], ["redirect", 302, "/next"]);
  assertEquals(heads.length, 1);
  await assertStillWorks();
});

Deno.test("a redirect within the origin keeps the credentials", async () => {
  const heads: string[] = [];
  await using raw = redirecting("next?a=b#c", heads);
  const url = raw.url.replace("ws://", "ws://user:pass@");
  await using ws = await connect(url, { redirect: 1, headers: { cookie: "a=b" }, subprotocols: [] });
  assertEquals(new URL(ws.url).pathname, "/next");
  assert(heads[1]!.startsWith("GET /next?a=b HTTP/1.1\r\n"), heads[1]);
  for (const field of [`Authorization: Basic ${btoa("user:pass")}`, "cookie: a=b"]) assert(heads[1]!.includes(field));
  const keys = heads.map((head) => /Sec-WebSocket-Key: (.*)\r/.exec(head)?.[1]);
  assert(keys[0] !== keys[1], "Each request has its own key");
});

Deno.test("no credentials cross to another origin, nor come back", async () => {
  const heads: string[] = [];
  const elsewhere: string[] = [];
  // The other origin sends the client back to the first, which must not see the credentials again.
  await using first = rawServer(async (peer, index) => {
    heads.push(await peer.readHead());
    if (index === 0) return await peer.write(redirect(`http://user:pass@localhost:${second.port}/there`));
    await peer.write(peer.acceptance());
    await serveHello(peer);
  });
  await using second = rawServer(async (peer) => {
    elsewhere.push(await peer.readHead());
    await peer.write(redirect(first.url, 307));
  });
  const url = first.url.replace("ws://", "ws://me:secret@");
  assertEquals(await messagesFrom(url, { redirect: 2, headers: CREDENTIALS }), ["hello"]);
  assertEquals([heads.length, elsewhere.length], [2, 1]);
  assert(/^authorization: Bearer x\r$/im.test(heads[0]!));
  for (const head of [elsewhere[0]!, heads[1]!]) {
    assert(!/authorization|cookie/i.test(head), head);
    assert(head.includes("x-id: 7\r\n"));
  }
});

Deno.test("redirects are counted", async () => {
  const heads: string[] = [];
  await using raw = redirecting("/again", heads, 100);
  const error = await assertRejects(() => connect(raw.url, { redirect: 3 }), HandshakeError);
  assertEquals(error.code, "redirect");
  assertEquals(heads.length, 4);
  await assertStillWorks();
});

Deno.test("a redirect to an unusable Location is refused before anything is opened", async () => {
  const locations: [string, HandshakeErrorCode][] = [
    ["ftp://127.0.0.1/", "redirect"],
    ["file:///etc/passwd", "redirect"],
    ["javascript:alert(1)", "redirect"],
    ["http://[", "redirect"],
    ["/a b", "redirect"],
    ["/a\tb", "redirect"],
    ["/\xe4", "redirect"],
    ["/a\rX-Injected: y", "invalid_response"],
    ["/a\0b", "invalid_response"],
    ["/a\nX: y", "invalid_response"],
  ];
  for (const [location, code] of locations) {
    const heads: string[] = [];
    await using raw = redirecting(location, heads);
    const error = await assertRejects(() => connect(raw.url, { redirect: 5 }), HandshakeError);
    assertEquals(error.code, code, JSON.stringify(location));
    assertEquals(heads.length, 1);
  }
  await assertStillWorks();
});

Deno.test("an escaped CR LF in a Location stays escaped", async () => {
  const heads: string[] = [];
  await using raw = redirecting("/a%0d%0aX-Injected:%20y", heads);
  assertEquals(await messagesFrom(raw.url, { redirect: 1 }), ["hello"]);
  assert(heads[1]!.startsWith("GET /a%0d%0aX-Injected:%20y HTTP/1.1\r\n"));
});

const fixture = createTlsFixture();

Deno.test("a redirect from wss to ws is refused", async () => {
  await using plain = rawServer(serveGood);
  const listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, ...fixture.server });
  const serving = (async () => {
    const conn = await listener.accept();
    const buffer = new Uint8Array(4096);
    await conn.read(buffer);
    await conn.write(latin1(redirect(plain.url)));
    while (await conn.read(buffer).catch(() => null) !== null);
    conn.close();
  })();
  const url = `wss://127.0.0.1:${listener.addr.port}/`;
  const tls = { caCerts: [fixture.caCert] };
  const error = await assertRejects(() => connect(url, { redirect: 5, tls }), HandshakeError);
  assertEquals(error.code, "redirect");
  assertEquals(plain.accepted, 0);
  await serving;
  listener.close();
  await assertStillWorks();
});

Deno.test("a redirect does not leave a Unix socket for another origin", POSIX, async () => {
  const folder = await Deno.makeTempDir();
  const listener = Deno.listen({ transport: "unix", path: `${folder}/s` });
  const serving = (async () => {
    const conn = await listener.accept();
    const buffer = new Uint8Array(4096);
    await conn.read(buffer);
    await conn.write(latin1(redirect("ws://other.example/")));
    while (await conn.read(buffer).catch(() => null) !== null);
    conn.close();
  })();
  const options = { unix: `${folder}/s`, redirect: 5 };
  const error = await assertRejects(() => connect("ws://a.example/", options), HandshakeError);
  assertEquals(error.code, "redirect");
  await serving;
  listener.close();
  await Deno.remove(folder, { recursive: true });
});

// ------------------------------------------------------------------------------------------- Abort, in every state

/** A state in which opening hangs: how the server gets there, and with what options. */
interface Hang {
  readonly what: string;
  readonly script: (peer: RawPeer) => Promise<void>;
  readonly url: (port: number) => string;
  readonly options: (port: number) => ConnectOptions;
  /** The runtime closes the socket only when the server does: see the comment at `secure` in client.ts. */
  readonly staysOpen?: boolean;
}

const direct = (port: number): string => `ws://127.0.0.1:${port}/`;
const secure = (port: number): string => `wss://127.0.0.1:${port}/`;
const elsewhere = (): string => "ws://example.com/";
const none = (): ConnectOptions => ({});

const HANGS: readonly Hang[] = [
  {
    what: "TLS handshake",
    script: async (peer) => void await peer.read(1),
    url: secure,
    options: none,
    staysOpen: true,
  },
  {
    what: "TLS handshake by node:tls",
    script: async (peer) => void await peer.read(1),
    url: secure,
    options: () => ({ tls: fixture.client }),
  },
  {
    what: "CONNECT",
    script: async (peer) => void await peer.readHead(),
    url: elsewhere,
    options: (port) => ({ proxy: `http://127.0.0.1:${port}` }),
  },
  {
    what: "TLS handshake with the proxy",
    script: async (peer) => void await peer.read(1),
    url: elsewhere,
    options: (port) => ({ proxy: `https://127.0.0.1:${port}` }),
    staysOpen: true,
  },
  {
    what: "TLS handshake through the proxy",
    script: async (peer) => {
      await peer.readHead();
      await peer.write("HTTP/1.1 200 OK\r\n\r\n");
      await peer.read(1);
    },
    url: () => "wss://example.com/",
    options: (port) => ({ proxy: `http://127.0.0.1:${port}` }),
    staysOpen: true,
  },
  {
    what: "SOCKS5",
    script: async (peer) => void await peer.read(3),
    url: elsewhere,
    options: (port) => ({ proxy: `socks5://127.0.0.1:${port}` }),
  },
  { what: "handshake", script: async (peer) => void await peer.readHead(), url: direct, options: none },
  {
    what: "half a head",
    script: async (peer) => {
      await peer.readHead();
      await peer.write("HTTP/1.1 101 Switching Protocols\r\nUpgr");
    },
    url: direct,
    options: none,
  },
  {
    what: "body of a refusal",
    script: async (peer) => {
      await peer.readHead();
      await peer.write("HTTP/1.1 401 Unauthorized\r\n\r\nno");
    },
    url: direct,
    options: none,
  },
];

Deno.test("an abort ends opening in every state with the signal's reason", async (t) => {
  for (const { what, script, url, options, staysOpen } of HANGS) {
    await t.step(what, async () => {
      const ended = Promise.withResolvers<void>();
      const reason = new Error(`Abort in state ${what}`);
      const controller = new AbortController();
      await using raw = rawServer(async (peer) => {
        await script(peer);
        controller.abort(reason);
        await (staysOpen ? ended.promise : peer.untilClosed());
      });
      const { signal } = controller;
      const error = await connect(url(raw.port), { ...options(raw.port), signal }).catch((error) => error);
      ended.resolve();
      assertEquals(error, reason);
    });
  }
  await assertStillWorks();
});

Deno.test("the deadline ends opening in every state", async (t) => {
  for (const { what, script, url, options, staysOpen } of HANGS.slice(0, -1)) {
    await t.step(what, async () => {
      const ended = Promise.withResolvers<void>();
      await using raw = rawServer(async (peer) => {
        // Where the deadline comes first, the script sees a closed connection.
        await script(peer).catch(() => {});
        await (staysOpen ? ended.promise : peer.untilClosed());
      });
      const opening = connect(url(raw.port), { ...options(raw.port), handshakeTimeout: 100 });
      assertEquals((await assertRejects(() => opening, HandshakeError)).code, "timeout");
      ended.resolve();
    });
  }
  await assertStillWorks();
});

Deno.test("an abort before and at the beginning of opening", async () => {
  await using raw = rawServer((peer) => peer.untilClosed());
  const reason = new Error("No longer wanted");
  assertEquals(await connect(raw.url, { signal: AbortSignal.abort(reason) }).catch((error) => error), reason);
  assertEquals(raw.accepted, 0);
  for (const url of [raw.url, "ws://name.invalid/", "ws://192.0.2.1/"]) {
    const controller = new AbortController();
    const opening = connect(url, { signal: controller.signal });
    controller.abort(reason);
    assertEquals(await opening.catch((error) => error), reason);
  }
});

Deno.test("an abort ends an open connection with the reason as its error", async () => {
  await using raw = rawServer(async (peer) => {
    await peer.readHead();
    await peer.write(peer.acceptance());
    await peer.untilClosed();
  });
  for (const reason of [new Error("Enough"), "a string"]) {
    const controller = new AbortController();
    const ws = await connect(raw.url, { signal: controller.signal });
    const next = ws[Symbol.asyncIterator]().next();
    controller.abort(reason);
    const info = await ws.closed;
    assertEquals([info.code, info.wasClean], [1006, false]);
    assertEquals(typeof reason === "string" ? info.error?.cause : info.error, reason);
    assertInstanceOf(await next.catch((error) => error), ConnectionClosedError);
  }
});

Deno.test("an abort ends a connection that is being closed", async () => {
  await using raw = rawServer(async (peer) => {
    await peer.readHead();
    await peer.write(peer.acceptance());
    await peer.untilClosed();
  });
  const controller = new AbortController();
  const ws = await connect(raw.url, { signal: controller.signal });
  const closed = ws.close();
  assertEquals(ws.state, "closing");
  const reason = new Error("At once");
  controller.abort(reason);
  assertEquals((await closed).error, reason);
});

/** A signal that counts its listeners. */
function countedSignal(): { readonly signal: AbortSignal; readonly abort: () => void; readonly count: () => number } {
  const controller = new AbortController();
  const { signal } = controller;
  let count = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...parameters: Parameters<typeof add>) => {
    count++;
    add(...parameters);
  };
  signal.removeEventListener = (...parameters: Parameters<typeof remove>) => {
    count--;
    remove(...parameters);
  };
  return { signal, abort: () => controller.abort(), count: () => count };
}

Deno.test("no listener stays on the signal, whether opening fails or the connection ends", async () => {
  const { signal, count } = countedSignal();
  await using raw = rawServer(async (peer, index) => {
    if (index === 0) return;
    await serveGood(peer);
  });
  await assertRejects(() => connect(raw.url, { signal }), HandshakeError);
  assertEquals(count(), 0);
  const ws = await connect(raw.url, { signal });
  assertEquals(count(), 1);
  await ws.close();
  assertEquals(count(), 0);
});
