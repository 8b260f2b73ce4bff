import { cuttings } from "../cuts.ts";
import { BodyReader } from "../../websocket/body.ts";
import { HeaderList } from "../../websocket/headers.ts";
import {
  DEFAULT_HEAD_LIMITS,
  formatPlainResponseHead,
  formatRequestHead,
  formatResponseHead,
  type HeadLimits,
  type HeadParser,
  HttpHeadError,
  type HttpHeadStatus,
  requestFromHead,
  type RequestHead,
  RequestHeadParser,
  type ResponseHead,
  ResponseHeadParser,
} from "../../websocket/http1.ts";
import { assert, assertEquals, assertStringIncludes, assertThrows, concat } from "../std.ts";

/** Encodes text whose characters stand for bytes. */
function latin1(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

function text(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

interface Parsed<Head> {
  head: Head;
  rest: Uint8Array;
}

/** Parses one cutting; chunks are poisoned once they were delivered, those behind the head are joined to the rest. */
function parseChunks<Head extends { readonly headers: HeaderList }>(
  parser: HeadParser<Head>,
  chunks: Uint8Array<ArrayBuffer>[],
): Parsed<Head> | undefined {
  for (const [index, chunk] of chunks.entries()) {
    const head = parser.push(chunk);
    if (head !== undefined) return { head, rest: concat([parser.rest, ...chunks.slice(index + 1)]) };
    chunk.fill(0x3f);
  }
  return undefined;
}

/** Parses every cutting of a request; all must agree. */
function parseRequest(input: string, limits?: HeadLimits): Parsed<RequestHead> | undefined {
  const results = [...cuttings(latin1(input))].map((chunks) => parseChunks(new RequestHeadParser(limits), chunks));
  for (const result of results) assertEquals(describe(result), describe(results[0]));
  return results[0];
}

function describe(parsed: Parsed<RequestHead> | undefined): unknown {
  return parsed && [parsed.head.method, parsed.head.target, [...parsed.head.headers], text(parsed.rest)];
}

function parseResponse(input: string): Parsed<ResponseHead> | undefined {
  const results = [...cuttings(latin1(input))].map((chunks) => parseChunks(new ResponseHeadParser(), chunks));
  for (const result of results) {
    assertEquals([...result?.head.headers ?? []], [...results[0]?.head.headers ?? []]);
    assertEquals(result?.rest, results[0]?.rest);
  }
  return results[0];
}

/** Every cutting must be refused with the same status and the same words. */
function assertRefused(input: string, status: HttpHeadStatus, limits?: HeadLimits): HttpHeadError {
  let last: HttpHeadError | undefined;
  for (const chunks of cuttings(latin1(input))) {
    const error = assertThrows(() => parseChunks(new RequestHeadParser(limits), chunks), HttpHeadError);
    assertEquals(error.status, status, JSON.stringify(input.slice(0, 100)));
    if (last !== undefined) assertEquals(error.message, last.message);
    last = error;
  }
  assert(last !== undefined);
  return last;
}

Deno.test("RequestHeadParser reads a head at any byte split and keeps the bytes behind it", () => {
  const head = "GET /chat?x=1 HTTP/1.1\r\nHost: example.com\r\nX-Empty:\r\nX-Text: \t a \t b\xe9 \t\r\n\r\n";
  const parsed = parseRequest(`${head}\x81\x85\r\n\r\nGET`);
  assertEquals(parsed?.head.method, "GET");
  assertEquals(parsed?.head.target, "/chat?x=1");
  assertEquals([...parsed?.head.headers ?? []], [["Host", "example.com"], ["X-Empty", ""], ["X-Text", "a \t b\xe9"]]);
  assertEquals(text(parsed?.rest ?? latin1("")), "\x81\x85\r\n\r\nGET");
});

Deno.test("RequestHeadParser gives the rest as a view of the last chunk", () => {
  const chunk = latin1("GET / HTTP/1.1\r\n\r\nrest");
  const parser = new RequestHeadParser();
  assert(parser.push(chunk) !== undefined);
  assert(parser.rest.buffer === chunk.buffer);
  assertEquals(text(parser.rest), "rest");
  assertEquals(parser.headLength, chunk.length - 4);
});

Deno.test("RequestHeadParser returns nothing before the empty line", () => {
  const head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  for (let end = 0; end < head.length; end++) assertEquals(parseRequest(head.slice(0, end)), undefined);
  assertEquals(text(parseRequest(head)?.rest ?? latin1("?")), "");
});

Deno.test("RequestHeadParser keeps fields named like members of a prototype", () => {
  const parsed = parseRequest("GET / HTTP/1.1\r\n__proto__: 1\r\nconstructor: 2\r\n\r\n");
  assertEquals([...parsed?.head.headers ?? []], [["__proto__", "1"], ["constructor", "2"]]);
});

Deno.test("RequestHeadParser ignores one empty line before the request line (RFC 9112 §2.2)", () => {
  assertEquals(parseRequest("\r\nGET / HTTP/1.1\r\n\r\n")?.head.target, "/");
  assertRefused("\r\n\r\nGET / HTTP/1.1\r\n\r\n", 400);
});

Deno.test("RequestHeadParser refuses what RFC 9112 forbids with 400", () => {
  const lines = [
    " Host: a", // obs-fold (§5.2)
    "\tfold",
    "Host : a", // whitespace before the colon (§5.1)
    "Host\t: a",
    ": a",
    "Host",
    "H\xf6st: a",
    "Ho(st: a",
    "X: a\0b",
    "X: a\rb",
    "X: a\x7f",
    "X: \x1b[0m",
  ];
  for (const line of lines) assertRefused(`GET / HTTP/1.1\r\nHost: a\r\n${line}\r\n\r\n`, 400);
});

Deno.test("RequestHeadParser refuses a bare LF with 400", () => {
  assertRefused("GET / HTTP/1.1\nHost: a\r\n\r\n", 400);
  assertRefused("GET / HTTP/1.1\r\nHost: a\n\r\n", 400);
  assertRefused("GET / HTTP/1.1\r\nHost: a\r\n\n", 400);
  assertRefused("\nGET / HTTP/1.1\r\n\r\n", 400);
});

Deno.test("RequestHeadParser refuses malformed request lines with 400", () => {
  const lines = [
    "GET /",
    "GET  / HTTP/1.1",
    "GET / HTTP/1.1 ",
    " GET / HTTP/1.1",
    "GET\t/ HTTP/1.1",
    "GET / http/1.1",
    "GET / HTTP/1",
    "GET / HTTP/1.10",
    "GET /a b HTTP/1.1",
    "GET /# HTTP/1.1",
    "GET /\xe9 HTTP/1.1",
    "GET /\0 HTTP/1.1",
    "G(T / HTTP/1.1",
    "/ HTTP/1.1",
    `${"A".repeat(33)} / HTTP/1.1`,
    "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", // a TLS client hello
  ];
  for (const line of lines) assertRefused(`${line}\r\n\r\n`, 400);
});

Deno.test("RequestHeadParser refuses every version but HTTP/1.1 with 505", () => {
  for (const version of ["0.9", "1.0", "2.0", "3.0"]) {
    const error = assertRefused(`GET / HTTP/${version}\r\n\r\n`, 505);
    assertEquals(error.message, `HTTP version must be 1.1, received ${version}`);
  }
  assertRefused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505);
});

Deno.test("RequestHeadParser refuses a target that is too long with 414, before its end", () => {
  const limits = { ...DEFAULT_HEAD_LIMITS, maxTarget: 20 };
  assertEquals(parseRequest(`GET /${"a".repeat(19)} HTTP/1.1\r\n\r\n`, limits)?.head.target.length, 20);
  assertEquals(parseRequest(`${"M".repeat(32)} /${"a".repeat(19)} HTTP/1.1\r\n\r\n`, limits)?.head.target.length, 20);
  assertRefused(`GET /${"a".repeat(20)} HTTP/1.1\r\n\r\n`, 414, limits);
  assertRefused(`GET /${"a".repeat(100)}`, 414, limits);
  assertRefused(`GET /${"a".repeat(9000)}`, 414);
  assertRefused("a".repeat(9000), 400);
  assertRefused(`GET / ${"a".repeat(9000)}`, 400);
});

Deno.test("RequestHeadParser refuses too many fields, too long a line and too large a head with 431", () => {
  const limits = { maxTarget: 20, maxHeaders: 3, maxLine: 30, maxHead: 80 };
  const start = "GET / HTTP/1.1\r\n";
  assertEquals(parseRequest(`${start}${"A: 1\r\n".repeat(3)}\r\n`, limits)?.head.headers.size, 3);
  assertStringIncludes(assertRefused(`${start}${"A: 1\r\n".repeat(4)}\r\n`, 431, limits).message, "3 header fields");
  assertEquals(parseRequest(`${start}A: ${"1".repeat(27)}\r\n\r\n`, limits)?.head.headers.get("a")?.length, 27);
  assertStringIncludes(assertRefused(`${start}A: ${"1".repeat(28)}\r\n\r\n`, 431, limits).message, "30 bytes");
  assertRefused(`${start}A: ${"1".repeat(40)}`, 431, limits);
  const full = `${start}A: ${"1".repeat(27)}\r\nB: ${"1".repeat(25)}\r\n`; // 16 + 32 + 30 and 2 for the empty line
  assertEquals(parseRequest(`${full}\r\nrest`, limits)?.rest.length, 4);
  assertStringIncludes(assertRefused(`${full}C`, 431, { ...limits, maxHead: 78 }).message, "78 bytes");
  assertRefused(`${full}C: 1\r\n\r\n`, 431, limits);
});

Deno.test("RequestHeadParser charges nothing behind the head", () => {
  const limits = { ...DEFAULT_HEAD_LIMITS, maxHead: 40, maxLine: 20 };
  assertEquals(parseRequest(`GET / HTTP/1.1\r\nA: 1\r\n\r\n${"x".repeat(500)}`, limits)?.rest.length, 500);
});

Deno.test("ResponseHeadParser reads status lines of HTTP/1.0 and 1.1 with any reason (RFC 9112 §4)", () => {
  const cases: [string, number, number, string][] = [
    ["HTTP/1.1 101 Switching Protocols", 1, 101, "Switching Protocols"],
    ["HTTP/1.0 200 OK", 0, 200, "OK"],
    ["HTTP/1.1 404 ", 1, 404, ""],
    ["HTTP/1.1 503", 1, 503, ""],
    ["HTTP/1.1 299 \xe9\t!", 1, 299, "\xe9\t!"],
  ];
  for (const [line, minorVersion, status, statusText] of cases) {
    const parsed = parseResponse(`${line}\r\nA: 1\r\n\r\nrest`);
    assertEquals(parsed && [parsed.head.minorVersion, parsed.head.status, parsed.head.statusText], [
      minorVersion,
      status,
      statusText,
    ]);
    assertEquals(parsed?.head.headers.get("a"), "1");
    assertEquals(text(parsed?.rest ?? latin1("")), "rest");
  }
});

Deno.test("ResponseHeadParser passes over interim responses, but counts them (RFC 9110 §15.2)", () => {
  const interim = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
  const parsed = parseResponse(`HTTP/1.1 100 Continue\r\n\r\n${interim}HTTP/1.1 101 OK\r\nA: 1\r\n\r\nrest`);
  assertEquals([parsed?.head.status, parsed?.rest.length], [101, 4]);
  assertEquals([...parsed?.head.headers ?? []], [["A", "1"]]);
  for (const chunks of cuttings(latin1(interim.repeat(2000)))) {
    const error = assertThrows(() => parseChunks(new ResponseHeadParser(), chunks), HttpHeadError);
    assertEquals(error.status, 431);
  }
});

Deno.test("ResponseHeadParser refuses malformed status lines", () => {
  const cases: [string, HttpHeadStatus][] = [
    ["HTTP/2.0 200 OK", 505],
    ["HTTP/1.1 20 OK", 400],
    ["HTTP/1.1 2000 OK", 400],
    ["HTTP/1.1  200 OK", 400],
    ["http/1.1 200 OK", 400],
    ["ICY 200 OK", 400],
    ["", 400],
    ["HTTP/1.1 200 \0", 400],
    [`HTTP/1.1 200 ${"a".repeat(9000)}`, 431],
  ];
  for (const [line, status] of cases) {
    for (const chunks of cuttings(latin1(`${line}\r\n\r\n`))) {
      const error = assertThrows(() => parseChunks(new ResponseHeadParser(), chunks), HttpHeadError);
      assertEquals(error.status, status, line.slice(0, 50));
    }
  }
});

/** Reads every cutting of a body; all must agree. */
function readBody(fields: [string, string][], body: string, status = 403, maxLength = 20): [string, boolean] {
  const head = { minorVersion: 1, status, statusText: "", headers: new HeaderList(fields) };
  const results = [...cuttings(latin1(body))].map((chunks): [string, boolean] => {
    const reader = new BodyReader(head, maxLength);
    for (const chunk of chunks) {
      if (reader.isDone || reader.push(chunk)) break;
      chunk.fill(0x3f);
    }
    return [reader.text(), reader.isDone];
  });
  for (const result of results) assertEquals(result, results[0]);
  return results[0]!;
}

Deno.test("BodyReader reads a body by its length (RFC 9112 §6.3)", () => {
  const length = (value: string): [string, string][] => [["Content-Length", value]];
  assertEquals(readBody(length("5"), "helloHTTP"), ["hello", true]);
  assertEquals(readBody(length("6"), "hello"), ["hello", false]);
  assertEquals(readBody(length("0"), ""), ["", true]);
  assertEquals(readBody(length("100"), "x".repeat(100)), ["x".repeat(20), true]);
  assertEquals(readBody([...length("5"), ...length("5")], "hello!"), ["hello", true]);
  for (const wrong of ["-1", "5, 6", "a", "0x5", "", "9".repeat(30)]) {
    assertEquals(readBody(length(wrong), "hello"), ["", true]);
  }
});

Deno.test("BodyReader reads a body to the end of the connection, at most its limit", () => {
  assertEquals(readBody([], "hello"), ["hello", false]);
  assertEquals(readBody([], "x".repeat(30)), ["x".repeat(20), true]);
  assertEquals(readBody([["Transfer-Encoding", "gzip"]], "hello"), ["hello", false]);
  for (const status of [101, 204, 304]) assertEquals(readBody([], "hello", status), ["", true]);
});

Deno.test("BodyReader reads a chunked body (RFC 9112 §7.1)", () => {
  const chunked: [string, string][] = [["Transfer-Encoding", "gzip, Chunked"], ["Content-Length", "3"]];
  assertEquals(readBody(chunked, "5\r\nhello\r\n1;a=b\r\n!\r\n0\r\n\r\n"), ["hello!", true]);
  assertEquals(readBody(chunked, "0a\r\n0123456789\r\nB\r\nabcdefghijk\r\n"), ["0123456789abcdefghij", true]);
  assertEquals(readBody(chunked, "5\r\nhel"), ["hel", false]);
  for (
    const broken of ["x\r\nhello", "\r\nhello", "5\rhello", "5\r\nhellox", " 5\r\nhello", `${"f".repeat(20)}\r\na`]
  ) {
    const [kept, isDone] = readBody(chunked, broken);
    assert(isDone, broken);
    assertEquals(kept, broken.endsWith("x") ? "hello" : "");
  }
});

Deno.test("BodyReader leaves out a character that the limit cuts off", () => {
  assertEquals(readBody([], "\xe2\x82\xac\xe2\x82\xac", 403, 5), ["\u20ac", true]);
  assertEquals(readBody([], "a\xff", 403, 5), ["a\ufffd", false]);
});

Deno.test("formatRequestHead writes bytes that RequestHeadParser reads", () => {
  const fields: [string, string][] = [["Host", "example.com"], ["X-A", "\xe9"]];
  const bytes = formatRequestHead("GET", "/a?b", new HeaderList(fields));
  assertEquals(text(bytes), "GET /a?b HTTP/1.1\r\nHost: example.com\r\nX-A: \xe9\r\n\r\n");
  assertEquals([...parseRequest(text(bytes))?.head.headers ?? []], fields);
});

Deno.test("formatRequestHead and formatResponseHead refuse CR, LF and NUL everywhere", () => {
  const none = new HeaderList();
  for (const bad of ["\r", "\n", "\0", "a\r\nX: 1"]) {
    assertThrows(() => formatRequestHead(`GET${bad}`, "/", none), TypeError);
    assertThrows(() => formatRequestHead("GET", `/${bad}`, none), TypeError);
    assertThrows(() => formatRequestHead("GET", "/", new HeaderList([["X", bad]])), TypeError);
    assertThrows(() => formatResponseHead(200, bad, none), TypeError);
    assertThrows(() => formatResponseHead(200, "", new HeaderList([["X", bad]])), TypeError);
    assertThrows(() => formatResponseHead(200, "", new HeaderList([[bad, "X"]])), TypeError);
  }
  for (const target of ["", "/a b", "/#a", "/\xe9"]) {
    assertThrows(() => formatRequestHead("GET", target, none), TypeError);
  }
  for (const status of [99, 1000, 200.5, NaN]) assertThrows(() => formatResponseHead(status, "", none), RangeError);
});

Deno.test("formatResponseHead knows the usual phrases", () => {
  assertEquals(text(formatResponseHead(101, "", new HeaderList())), "HTTP/1.1 101 Switching Protocols\r\n\r\n");
  assertEquals(text(formatResponseHead(299, "", new HeaderList([["a", "b"]]))), "HTTP/1.1 299 \r\na: b\r\n\r\n");
  assertEquals(text(formatResponseHead(200, "Fine", new HeaderList())), "HTTP/1.1 200 Fine\r\n\r\n");
});

Deno.test("formatPlainResponseHead frames the body itself and closes the connection", () => {
  const headers = { "content-type": "text/plain", "connection": "keep-alive", "transfer-encoding": "chunked" };
  const response = new Response("hello", { headers: { ...headers, "content-length": "99", "keep-alive": "5" } });
  assertEquals(
    text(formatPlainResponseHead(response, 5)),
    "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\nconnection: close\r\n\r\n",
  );
  assertEquals(
    text(formatPlainResponseHead(new Response(null, { status: 204, statusText: "Gone" }), 0)),
    "HTTP/1.1 204 Gone\r\nconnection: close\r\n\r\n",
  );
  assertEquals(
    text(formatPlainResponseHead({ status: 426, statusText: "", headers: new Headers({ upgrade: "websocket" }) })),
    "HTTP/1.1 426 Upgrade Required\r\nupgrade: websocket\r\nconnection: close, upgrade\r\n\r\n",
  );
});

Deno.test("formatPlainResponseHead keeps each Set-Cookie", () => {
  const headers = new Headers([["set-cookie", "a=1, b"], ["set-cookie", "c=2"]]);
  const head = text(formatPlainResponseHead({ status: 200, statusText: "", headers }, 0));
  assertStringIncludes(head, "set-cookie: a=1, b\r\nset-cookie: c=2\r\n");
});

function requestHead(target: string, host?: string, method = "GET"): RequestHead {
  return {
    method,
    target,
    headers: new HeaderList(host === undefined ? [["X-A", "1"]] : [["Host", host], ["X-A", "1"]]),
  };
}

Deno.test("requestFromHead builds a Request from target and Host", () => {
  const cases: [string, string, boolean, string][] = [
    ["/a?b=c", "example.com", false, "http://example.com/a?b=c"],
    ["/", "example.com:8443", true, "https://example.com:8443/"],
    ["//other.com/a", "example.com", false, "http://example.com//other.com/a"],
    ["/@other.com", "[::1]:80", false, "http://[::1]/@other.com"],
    ["http://example.org:81/a?b", "example.com", false, "http://example.org:81/a?b"],
    ["ws://http/http", "example.com", true, "https://http/http"],
    ["http://example.org?b", "example.com", false, "http://example.org/?b"],
  ];
  for (const [target, host, isSecure, url] of cases) {
    assertEquals(requestFromHead(requestHead(target, host), { isSecure }).url, url);
  }
  const { signal } = new AbortController();
  const request = requestFromHead(requestHead("/", "a", "HEAD"), { signal });
  assertEquals([request.method, request.headers.get("x-a"), request.signal.aborted], ["HEAD", "1", false]);
});

Deno.test("requestFromHead hands on the signal", () => {
  const controller = new AbortController();
  const request = requestFromHead(requestHead("/", "a"), { signal: controller.signal });
  controller.abort();
  assert(request.signal.aborted);
});

Deno.test("requestFromHead refuses targets and hosts that name nothing with 400", () => {
  const cases: [string, string | undefined][] = [
    ["*", "a"],
    ["a:80", "a"],
    ["ftp://a/", "a"],
    ["http://u:p@a/", "a"],
    ["http:///a", "a"],
    ["/", undefined],
    ["/", ""],
    ["/", "a b"],
    ["/", "a/b"],
    ["/", "a@b"],
    ["/", "a:99999"],
    ["/", "a:b"],
    ["/", "a\\b"],
    ["/", "[::1"],
    ["/", "a?b"],
    ["/", "%zz"],
  ];
  for (const [target, host] of cases) {
    const error = assertThrows(() => requestFromHead(requestHead(target, host)), HttpHeadError);
    assertEquals(error.status, 400, `${target} ${host}`);
  }
});
