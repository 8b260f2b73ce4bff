import crypto from "node:crypto";
import { cuttings } from "../cuts.ts";
import { HandshakeError, type HandshakeErrorCode } from "../../websocket/errors.ts";
import {
  type AcceptedUpgrade,
  acceptKey,
  acceptUpgrade,
  checkUpgradeResponse,
  classifyRequest,
  createRefusal,
  encodeKey,
  formatRefusal,
  formatUpgradeRequest,
  headHandshakeError,
  headRefusal,
  parseWebSocketUrl,
  type Refusal,
  refuseOrigin,
  selectSubprotocol,
  type UpgradeRequest,
  type UpgradeRequestOptions,
  type UpgradeResult,
} from "../../websocket/handshake.ts";
import { HttpHeadError, type RequestHead, RequestHeadParser, ResponseHeadParser } from "../../websocket/http1.ts";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "../std.ts";

/** RFC 6455 §1.3. */
const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

const UPGRADE_LINES = [
  "Host: example.com",
  "Upgrade: websocket",
  "Connection: Upgrade",
  `Sec-WebSocket-Key: ${KEY}`,
  "Sec-WebSocket-Version: 13",
];

function latin1(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** The lines of an upgrade, some replaced: a name with no value is left out, others are added. */
function upgradeLines(changes: Record<string, string | string[] | undefined> = {}): string[] {
  const isKept = (line: string): boolean => !Object.keys(changes).some((name) => line.startsWith(`${name}:`));
  const added = Object.entries(changes).flatMap(([name, value]) => {
    return (Array.isArray(value) ? value : value === undefined ? [] : [value]).map((text) => `${name}: ${text}`);
  });
  return [...UPGRADE_LINES.filter(isKept), ...added];
}

function parseRequest(lines: string[], start = "GET /chat HTTP/1.1"): RequestHead {
  const head = new RequestHeadParser().push(latin1(`${[start, ...lines].join("\r\n")}\r\n\r\n`));
  assert(head !== undefined);
  return head;
}

function validUpgrade(changes: Record<string, string | string[] | undefined> = {}, start?: string): UpgradeRequest {
  const decision = classifyRequest(parseRequest(upgradeLines(changes), start));
  assert(decision.kind === "upgrade", JSON.stringify(decision));
  return decision.upgrade;
}

/** A request must be refused with this status at every byte split. */
function assertRefused(lines: string[], status: number, start = "GET /chat HTTP/1.1"): Refusal {
  let refusal: Refusal | undefined;
  for (const chunks of cuttings(latin1(`${[start, ...lines].join("\r\n")}\r\n\r\n`))) {
    const parser = new RequestHeadParser();
    const head = chunks.map((chunk) => parser.push(chunk)).at(-1);
    assert(head !== undefined);
    const decision = classifyRequest(head);
    assert(decision.kind === "refused", `${start} ${lines.join(" | ")}: ${decision.kind}`);
    assertEquals(decision.refusal.status, status, decision.refusal.body);
    refusal = decision.refusal;
  }
  assert(refusal !== undefined);
  return refusal;
}

Deno.test("acceptKey gives the example of RFC 6455 §1.3, with the runtime's SHA-1 and with ours", () => {
  assertEquals(acceptKey(KEY), ACCEPT);
  assertEquals(acceptKey(KEY, crypto), ACCEPT);
  assertEquals(acceptKey(KEY, null), ACCEPT);
});

Deno.test("encodeKey writes 16 bytes as a key that the server accepts", () => {
  assertEquals(encodeKey(latin1("the sample nonce")), KEY);
  for (let byte = 0; byte < 256; byte++) {
    const key = encodeKey(new Uint8Array(16).fill(byte));
    assertEquals(validUpgrade({ "Sec-WebSocket-Key": key }).key, key);
  }
});

Deno.test("classifyRequest accepts the opening handshake of RFC 6455 §1.2", () => {
  const changes = { "Origin": "http://example.com", "Sec-WebSocket-Protocol": "chat, superchat" };
  assertEquals(validUpgrade(changes), {
    key: KEY,
    host: "example.com",
    origin: "http://example.com",
    subprotocols: ["chat", "superchat"],
    extensions: [],
  });
});

Deno.test("classifyRequest accepts what other clients write", () => {
  assertEquals(validUpgrade({ "Connection": "keep-alive, upgrade", "Upgrade": "h2c, WebSocket" }).key, KEY);
  assertEquals(validUpgrade({ "Connection": ["keep-alive", "Upgrade"] }).key, KEY);
  assertEquals(validUpgrade({ "Content-Length": "0" }).key, KEY);
  assertEquals(validUpgrade({ "Sec-WebSocket-Protocol": ["a", ", b,,", ",,,"] }).subprotocols, ["a", "b"]);
  assertEquals(validUpgrade({ "Sec-WebSocket-Extensions": ["constructor", "a;b"] }).extensions, ["constructor", "a;b"]);
  assertEquals(validUpgrade({ "Host": "b" }, "GET ws://a:1/x HTTP/1.1").host, "a:1");
});

Deno.test("classifyRequest tells a plain request from a broken upgrade", () => {
  for (const start of ["GET / HTTP/1.1", "HEAD /a?b HTTP/1.1", "GET http://example.com/ HTTP/1.1"]) {
    for (const lines of [[], ["Content-Length: 0"], ["Upgrade: h2c", "Connection: Upgrade"], ["Connection: close"]]) {
      assertEquals(classifyRequest(parseRequest(["Host: example.com", ...lines], start)), { kind: "plain" });
    }
  }
});

Deno.test("classifyRequest refuses methods other than GET and HEAD with 405 and Allow", () => {
  for (const start of ["POST / HTTP/1.1", "get / HTTP/1.1", "OPTIONS * HTTP/1.1", "CONNECT a:1 HTTP/1.1"]) {
    const refusal = assertRefused(["Host: a", "Content-Length: 5"], 405, start);
    assertEquals(refusal.headers.get("allow"), "GET, HEAD");
  }
  assertEquals(assertRefused(UPGRADE_LINES, 405, "HEAD / HTTP/1.1").headers.get("allow"), "GET");
});

Deno.test("classifyRequest refuses a body, and any Transfer-Encoding, with 400", () => {
  for (const lines of [UPGRADE_LINES, ["Host: a"]]) {
    for (const length of ["1", "-0", "0x0", "0, 0", "+0"]) {
      assertRefused([...lines, `Content-Length: ${length}`], 400);
    }
    assertRefused([...lines, "Content-Length: 0", "Content-Length: 0"], 400);
    assertRefused([...lines, "Transfer-Encoding: chunked"], 400);
    assertRefused([...lines, "Transfer-Encoding: identity"], 400);
    assertRefused([...lines, "Transfer-Encoding:"], 400);
  }
});

Deno.test("classifyRequest refuses a missing, duplicate or invalid Host with 400 (RFC 9112 §3.2)", () => {
  for (const host of [undefined, ["a", "a"], ["a", "b"], "", "a/b", "a b", "a@b", "a:99999", "a, b"]) {
    assertRefused(upgradeLines({ Host: host }), 400);
    assertRefused(upgradeLines({ Host: host }).slice(4), 400, "GET ftp://a HTTP/1.1");
  }
  assertRefused(upgradeLines({ Host: undefined }), 400, "GET http://a/ HTTP/1.1");
  assertRefused(["Host: a"], 400, "GET * HTTP/1.1");
});

Deno.test("classifyRequest refuses a missing or duplicate Key, and one that is not 16 bytes, with 400", () => {
  const wrong = [undefined, [KEY, KEY], "", "a", KEY.slice(1), `A${KEY}`, `${KEY.slice(0, -2)}AA`, "=".repeat(24)];
  for (const key of [...wrong, `${KEY}, ${KEY}`, `${KEY.slice(0, -3)}-==`]) {
    assertRefused(upgradeLines({ "Sec-WebSocket-Key": key }), 400);
  }
});

Deno.test("classifyRequest refuses versions other than 13 with 426 and the version it speaks (RFC 6455 §4.4)", () => {
  for (const version of ["8", "0", "14", "13, 8", "013", "", ["13", "13"], undefined]) {
    const refusal = assertRefused(upgradeLines({ "Sec-WebSocket-Version": version }), 426);
    assertEquals(refusal.headers.get("sec-websocket-version"), "13");
    assertEquals(refusal.headers.get("upgrade"), "websocket");
  }
});

Deno.test("classifyRequest refuses an upgrade that a proxy or client has broken", () => {
  assertRefused(upgradeLines({ Upgrade: undefined }), 426);
  assertRefused(upgradeLines({ Upgrade: "websockets" }), 426);
  assertRefused(upgradeLines({ Connection: undefined }), 400);
  assertRefused(upgradeLines({ Connection: "keep-alive" }), 400);
  assertRefused(upgradeLines({ Origin: ["http://a", "http://example.com"] }), 400);
  for (const protocols of ["a b", "a, a", 'a, "b"', "a/b"]) {
    assertRefused(upgradeLines({ "Sec-WebSocket-Protocol": protocols }), 400);
  }
  assertRefused(upgradeLines({ "Sec-WebSocket-Protocol": ["a", "a"] }), 400);
  for (const extensions of ["permessage-deflate;", "=", 'a;b="']) {
    assertRefused(upgradeLines({ "Sec-WebSocket-Extensions": extensions }), 400);
  }
});

Deno.test("classifyRequest accepts 100 KB of commas and spaces as empty lists", () => {
  const limits = { maxTarget: 100, maxHeaders: 10, maxLine: 200_000, maxHead: 400_000 };
  const commas = ", ".repeat(25_000);
  const lines = upgradeLines({ "Sec-WebSocket-Protocol": `${commas}a${commas}`, "Sec-WebSocket-Extensions": commas });
  const head = new RequestHeadParser(limits).push(latin1(`GET / HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`));
  assert(head !== undefined);
  const decision = classifyRequest(head);
  assert(decision.kind === "upgrade");
  assertEquals(decision.upgrade.subprotocols, ["a"]);
  assertEquals(acceptUpgrade(decision.upgrade, { compression: {} }).extensions, "");
});

Deno.test("refuseOrigin refuses other origins with 403", () => {
  const upgrade = validUpgrade({ Origin: "http://evil-example.com" });
  assertEquals(refuseOrigin(upgrade, "same-origin")?.status, 403);
  assertEquals(refuseOrigin(upgrade, ["http://evil-example.com"]), undefined);
  assertEquals(refuseOrigin(validUpgrade(), "same-origin"), undefined);
});

Deno.test("formatRefusal writes status, fields and body, and no body for HEAD", () => {
  const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  const refusal = createRefusal(403, "N\u00f6", { "x-a": "1" });
  const head = "HTTP/1.1 403 Forbidden\r\ncontent-type: text/plain; charset=utf-8\r\nx-a: 1\r\n" +
    "x-content-type-options: nosniff\r\ncontent-length: 4\r\nconnection: close\r\n\r\n";
  assertEquals(decode(formatRefusal(refusal)), `${head}N\u00f6\n`);
  assertEquals(decode(formatRefusal(refusal, "HEAD")), head);
});

Deno.test("headRefusal and headHandshakeError carry what is wrong with a head", () => {
  const error = new HttpHeadError(431, "Head must be smaller");
  assertEquals([headRefusal(error).status, headRefusal(error).body], [431, "Head must be smaller\n"]);
  const failure = headHandshakeError(error);
  assertEquals([failure.code, failure.cause], ["head_too_large", error]);
  assertEquals(headHandshakeError(new HttpHeadError(400, "x")).code, "invalid_response");
});

Deno.test("selectSubprotocol follows the server's preference", () => {
  assertEquals(selectSubprotocol(["b", "a"], ["a", "b"]), "b");
  assertEquals(selectSubprotocol(["c"], ["a", "b"]), undefined);
  assertEquals(selectSubprotocol(["constructor"], []), undefined);
});

Deno.test("acceptUpgrade writes the answer of RFC 6455 §1.3", () => {
  const upgrade = validUpgrade({ "Sec-WebSocket-Protocol": "chat" });
  const accepted = acceptUpgrade(upgrade, { subprotocol: "chat", headers: { "x-id": "1" } });
  assertEquals(
    new TextDecoder().decode(accepted.head),
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Accept: ${ACCEPT}\r\nSec-WebSocket-Protocol: chat\r\nx-id: 1\r\n\r\n`,
  );
  assertEquals([accepted.subprotocol, accepted.extensions, accepted.deflate], ["chat", "", undefined]);
});

Deno.test("acceptUpgrade refuses a subprotocol that was not offered and fields that are ours", () => {
  const upgrade = validUpgrade({ "Sec-WebSocket-Protocol": "a, b" });
  const error = assertThrows(() => acceptUpgrade(upgrade, { subprotocol: "c" }), TypeError);
  assertEquals(error.message, 'Cannot accept with subprotocol "c": client offered a, b');
  assertThrows(() => acceptUpgrade(validUpgrade(), { subprotocol: "c" }), TypeError);
  const own = [
    "Upgrade",
    "CONNECTION",
    "Sec-WebSocket-Accept",
    "sec-websocket-x",
    "Content-Length",
    "Transfer-Encoding",
  ];
  for (const name of own) {
    const error = assertThrows(() => acceptUpgrade(upgrade, { headers: [[name, "1"]] }), TypeError);
    assertStringIncludes(error.message, name);
  }
  for (const value of ["a\r\nb", "a\n", "\0"]) {
    assertThrows(() => acceptUpgrade(upgrade, { headers: [["x", `${value}c`]] }), TypeError);
  }
});

function sent(options: Partial<UpgradeRequestOptions> = {}): UpgradeRequestOptions {
  return { url: new URL("ws://example.com/chat"), key: KEY, ...options };
}

Deno.test("formatUpgradeRequest writes the request of RFC 6455 §1.2", () => {
  const request = formatUpgradeRequest(sent({
    url: new URL("wss://example.com:8443/a%20b?c=d"),
    subprotocols: ["chat", "superchat"],
    headers: { "origin": "http://example.com", "authorization": "Bearer x" },
    compression: { serverNoContextTakeover: false, clientNoContextTakeover: false },
  }));
  assertEquals(
    new TextDecoder().decode(request),
    "GET /a%20b?c=d HTTP/1.1\r\nHost: example.com:8443\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat, superchat\r\n` +
      "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n" +
      "origin: http://example.com\r\nauthorization: Bearer x\r\n\r\n",
  );
});

Deno.test("formatUpgradeRequest leaves default ports and empty lists out", () => {
  for (const url of ["ws://example.com:80", "wss://example.com:443", "ws://EXAMPLE.com/"]) {
    assertEquals(
      new TextDecoder().decode(formatUpgradeRequest(sent({ url: parseWebSocketUrl(url) }))),
      `GET / HTTP/1.1\r\n${UPGRADE_LINES.join("\r\n")}\r\n\r\n`,
    );
  }
});

Deno.test("formatUpgradeRequest sends the URL's user as Basic credentials unless the caller sets others", () => {
  const url = new URL("ws://us%C3%A9r:p%0D%0A%3A@example.com/");
  const text = new TextDecoder().decode(formatUpgradeRequest(sent({ url })));
  const credentials = btoa("us\u00c3\u00a9r:p\r\n:");
  assertStringIncludes(text, `\r\nAuthorization: Basic ${credentials}\r\n`);
  assertStringIncludes(text, "\r\nHost: example.com\r\n");
  const own = new TextDecoder().decode(formatUpgradeRequest(sent({ url, headers: { authorization: "x" } })));
  assertEquals(own.match(/authorization: .*/gi), ["authorization: x"]);
  const odd = new TextDecoder().decode(formatUpgradeRequest(sent({ url: new URL("ws://100%25%zz@a/") })));
  assertStringIncludes(odd, `Basic ${btoa("100%%zz:")}`);
});

Deno.test("formatUpgradeRequest refuses fields that are ours and names them", () => {
  const own = ["Host", "upgrade", "Connection", "Sec-WebSocket-Key", "SEC-WEBSOCKET-PROTOCOL", "Content-Length"];
  for (const name of [...own, "transfer-encoding", "Sec-WebSocket-Anything"]) {
    const error = assertThrows(() => formatUpgradeRequest(sent({ headers: [[name, "1"]] })), TypeError);
    assertStringIncludes(error.message, name);
  }
});

Deno.test("formatUpgradeRequest refuses CR, LF and NUL in fields and subprotocols", () => {
  for (const bad of ["a\rb", "a\nb", "a\0b", "a\r\nX: 1"]) {
    assertThrows(() => formatUpgradeRequest(sent({ headers: [["x", bad]] })), TypeError);
    assertThrows(() => formatUpgradeRequest(sent({ headers: [[bad, "x"]] })), TypeError);
    assertThrows(() => formatUpgradeRequest(sent({ subprotocols: [bad] })), TypeError);
    assertThrows(() => formatUpgradeRequest(sent({ key: bad })), TypeError);
  }
  for (const subprotocols of [["a", "a"], [""], ["a,b"], ["a b"], ["\u00e9"]]) {
    assertThrows(() => formatUpgradeRequest(sent({ subprotocols })), TypeError);
  }
  assertThrows(() => formatUpgradeRequest(sent({ compression: { level: 99 } })), RangeError);
});

Deno.test("parseWebSocketUrl accepts ws, wss, http and https alone (RFC 6455 §3)", () => {
  assertEquals(parseWebSocketUrl("http://a/b").href, "ws://a/b");
  assertEquals(parseWebSocketUrl(new URL("https://a:443/b?c")).href, "wss://a/b?c");
  for (const url of ["ftp://a", "a", "", "/a", "ws://", "ws://a:99999", "ws://a/#", "ws://a/#b", "ws:///#"]) {
    assertThrows(() => parseWebSocketUrl(url), SyntaxError);
  }
  const error = assertThrows(() => parseWebSocketUrl("ftp://user:secret@a"), SyntaxError);
  assertEquals(error.message, "Cannot connect: scheme must be ws or wss, received ftp");
});

Deno.test("parseWebSocketUrl refuses CR, LF, NUL and other control characters", () => {
  for (const url of ["ws://a/\r", "ws://a/\nb", "ws://a/\0", "w\ts://a", "ws://a/?\r\nX: 1", "ws://a/\x7f"]) {
    assertThrows(() => parseWebSocketUrl(url), TypeError);
  }
});

const RESPONSE_LINES = ["Upgrade: websocket", "Connection: Upgrade", `Sec-WebSocket-Accept: ${ACCEPT}`];

function respond(
  lines: string[],
  options: Partial<UpgradeRequestOptions> = {},
  start?: string,
  body?: string,
): UpgradeResult {
  const bytes = latin1(`${[start ?? "HTTP/1.1 101 Switching Protocols", ...lines].join("\r\n")}\r\n\r\n`);
  const head = new ResponseHeadParser().push(bytes);
  assert(head !== undefined);
  return checkUpgradeResponse(head, sent(options), body);
}

function assertFails(lines: string[], code: HandshakeErrorCode, options: Partial<UpgradeRequestOptions> = {}): void {
  const error = assertThrows(() => respond(["X-A: 1", ...lines], options), HandshakeError);
  assertEquals([error.code, error.status, error.headers.get("x-a"), error.body], [code, 101, "1", ""], error.message);
}

Deno.test("checkUpgradeResponse accepts the answer of RFC 6455 §1.3", () => {
  const result = respond([...RESPONSE_LINES, "Sec-WebSocket-Protocol: chat", "X-A: 1"], {
    subprotocols: ["a", "chat"],
  });
  assertEquals([result.subprotocol, result.extensions, result.deflate], ["chat", "", undefined]);
  assertEquals(result.headers.get("x-a"), "1");
  assertEquals(respond(RESPONSE_LINES, { subprotocols: ["a"], compression: {} }).subprotocol, "");
});

Deno.test("checkUpgradeResponse fails on a wrong or missing Upgrade or Connection", () => {
  const [upgrade = "", connection = "", accept = ""] = RESPONSE_LINES;
  assertFails([connection, accept], "invalid_upgrade");
  assertFails(["Upgrade: h2c", connection, accept], "invalid_upgrade");
  assertFails(["Upgrade: websocket, h2c", connection, accept], "invalid_upgrade");
  assertFails([upgrade, accept], "invalid_upgrade");
  assertFails([upgrade, "Connection: close", accept], "invalid_upgrade");
  assertEquals(respond(["UPGRADE: WebSocket", "connection: keep-alive, UPGRADE", accept]).subprotocol, "");
});

Deno.test("checkUpgradeResponse fails on a wrong, missing or doubled Accept", () => {
  const [upgrade = "", connection = "", accept = ""] = RESPONSE_LINES;
  assertFails([upgrade, connection], "invalid_accept");
  assertFails([upgrade, connection, accept.toLowerCase()], "invalid_accept");
  assertFails([upgrade, connection, accept, accept], "invalid_accept");
  assertFails(RESPONSE_LINES, "invalid_accept", { key: encodeKey(new Uint8Array(16)) });
});

Deno.test("checkUpgradeResponse fails on a subprotocol that was not requested", () => {
  for (const subprotocol of ["other", "a, b", "A", "", "constructor"]) {
    const lines = [...RESPONSE_LINES, `Sec-WebSocket-Protocol: ${subprotocol}`];
    assertFails(lines, "unexpected_subprotocol", { subprotocols: ["a", "b"] });
    assertFails(lines, "unexpected_subprotocol");
  }
  const twice = [...RESPONSE_LINES, "Sec-WebSocket-Protocol: a", "Sec-WebSocket-Protocol: a"];
  assertFails(twice, "unexpected_subprotocol", { subprotocols: ["a"] });
});

Deno.test("checkUpgradeResponse fails on an extension that was not offered or is wrong", () => {
  const deflate = "Sec-WebSocket-Extensions: permessage-deflate";
  assertFails([...RESPONSE_LINES, deflate], "unexpected_extension");
  assertFails([...RESPONSE_LINES, `${deflate}; client_max_window_bits`], "invalid_extension", { compression: {} });
  assertFails([...RESPONSE_LINES, deflate, deflate], "unexpected_extension", { compression: {} });
});

Deno.test("checkUpgradeResponse reports another status with fields and body", () => {
  const cases: [string, HandshakeErrorCode, number][] = [
    ["HTTP/1.1 200 OK", "unexpected_status", 200],
    ["HTTP/1.0 503 No", "unexpected_status", 503],
    ["HTTP/1.1 401 Unauthorized", "unexpected_status", 401],
    ["HTTP/1.1 302 Found", "redirect", 302],
    ["HTTP/1.1 304 Not Modified", "unexpected_status", 304],
  ];
  for (const [start, code, status] of cases) {
    const lines = ["Location: ws://b/", ...RESPONSE_LINES];
    const error = assertThrows(() => respond(lines, {}, start, "why"), HandshakeError);
    assertEquals([error.code, error.status, error.body], [code, status, "why"]);
    assertEquals(error.headers.get("location"), "ws://b/");
  }
  const old = assertThrows(() => respond(RESPONSE_LINES, {}, "HTTP/1.0 101 OK"), HandshakeError);
  assertEquals(old.code, "invalid_response");
});

/** A client and a server that only exchange bytes, delivered in every cutting. */
function shake(options: UpgradeRequestOptions, subprotocol: string): [AcceptedUpgrade, UpgradeResult][] {
  return [...cuttings(formatUpgradeRequest(options))].map((chunks) => {
    const requestParser = new RequestHeadParser();
    const request = chunks.map((chunk) => requestParser.push(chunk)).at(-1);
    assert(request !== undefined);
    const decision = classifyRequest(request);
    assert(decision.kind === "upgrade");
    const accepted = acceptUpgrade(decision.upgrade, { subprotocol, compression: { clientMaxWindowBits: 10 } });
    const [responseChunks = []] = cuttings(accepted.head);
    const responseParser = new ResponseHeadParser();
    const response = responseChunks.map((chunk) => responseParser.push(chunk)).at(-1);
    assert(response !== undefined);
    return [accepted, checkUpgradeResponse(response, options)];
  });
}

Deno.test("Client and server agree on subprotocol and compression at every byte split", () => {
  const results = shake(sent({ subprotocols: ["a", "b"], compression: { serverMaxWindowBits: 12 } }), "b");
  for (const [server, client] of results) {
    assertEquals([client.subprotocol, server.subprotocol], ["b", "b"]);
    assertEquals(client.extensions, server.extensions);
    assertEquals(client.deflate, server.deflate);
    assertEquals(client.deflate, {
      serverNoContextTakeover: true,
      clientNoContextTakeover: true,
      serverMaxWindowBits: 12,
      clientMaxWindowBits: 10,
    });
  }
});
