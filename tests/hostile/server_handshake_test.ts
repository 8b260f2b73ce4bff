import type { ServeOptions } from "../../websocket/server.ts";
import { withFakeClock } from "../fake_clock.ts";
import { clientFrame, RawClient, requestText, upgradeRequest } from "../raw_client.ts";
import { assert, assertEquals, concat } from "../std.ts";
import { assertEchoes, recordingLogger, serveEcho } from "../websocket/serving.ts";
import { hostile, Victim } from "./attack.ts";
import type { RowName } from "./rows.ts";

const encoder = new TextEncoder();

/** A request and the status that it gets. */
interface BadRequest {
  readonly what: string;
  readonly text: string;
  readonly status: number;
  readonly options?: ServeOptions;
}

/** Sends a bad request in one piece and byte by byte; the server answers, closes and lives on. */
function hostileRequest(row: RowName, { what, text, status, options }: BadRequest): void {
  for (const how of ["in one piece", "byte by byte"]) {
    hostile(row, `${what}, ${how}`, async () => {
      let opened = 0;
      await using server = serveEcho({ fetch: () => new Response("page"), ...options, open: () => void opened++ });
      using client = await RawClient.connect(server);
      for (const piece of how === "in one piece" ? [text] : text) if (!await client.writeAnyway(piece)) break;
      const answer = await client.readAnswer();
      assertEquals(answer.status, status, answer.body);
      assertEquals(opened, 0);
      client.close();
      await assertEchoes(server);
    });
  }
}

/** The usual upgrade with one line replaced, left out (`undefined`), or others added. */
function changed(changes: Readonly<Record<string, string | undefined>>, ...added: string[]): string {
  const [start = "", ...lines] = upgradeRequest(added).slice(0, -4).split("\r\n");
  const changedLines = lines.flatMap((line) => {
    const name = line.split(":", 1)[0] ?? "";
    return name in changes ? changes[name] ?? [] : line;
  });
  return [start, ...changedLines, "", ""].join("\r\n");
}

// -------------------------------------------------------------------------------------------------- Limits

const LIMITS = { limits: { maxTarget: 100, maxHeaders: 10, maxHeaderLine: 200, maxHead: 600 } } as const;
const TARGET = `/${"a".repeat(99)}`;

const OVER_LIMITS: readonly BadRequest[] = [
  { what: "target of 101 bytes", text: upgradeRequest([], `${TARGET}b`), status: 414, options: LIMITS },
  { what: "target of 9,000 bytes by default", text: upgradeRequest([], `/${"a".repeat(9000)}`), status: 414 },
  {
    what: "11 header lines",
    text: upgradeRequest(Array.from({ length: 6 }, (_, index) => `X-${index}: 1`)),
    status: 431,
    options: LIMITS,
  },
  {
    what: "101 header lines by default",
    text: upgradeRequest(Array.from({ length: 96 }, (_, index) => `X-${index}: 1`)),
    status: 431,
  },
  { what: "line of 201 bytes", text: upgradeRequest([`X: ${"a".repeat(198)}`]), status: 431, options: LIMITS },
  { what: "line of 9,000 bytes by default", text: upgradeRequest([`X: ${"a".repeat(9000)}`]), status: 431 },
  {
    what: "head of more than 600 bytes",
    text: upgradeRequest(Array.from({ length: 3 }, (_, index) => `X-${index}: ${"a".repeat(190)}`)),
    status: 431,
    options: LIMITS,
  },
];
for (const request of OVER_LIMITS) hostileRequest("head_limits", request);

hostile("head_limits", "limits are inclusive", async () => {
  await using server = serveEcho(LIMITS);
  for (
    const [lines, target] of [
      [[], TARGET],
      [Array.from({ length: 5 }, (_, index) => `X-${index}: 1`), "/"],
      [[`X: ${"a".repeat(197)}`], "/"],
    ] as const
  ) {
    using client = await RawClient.connect(server);
    await client.write(upgradeRequest(lines, target));
    await client.readAcceptance();
  }
});

hostile("head_limits", "a line that never ends is refused at its limit, not gathered", async () => {
  await using server = serveEcho();
  for (const [start, status] of [["GET /", 414], ["GET / HTTP/1.1\r\nX: ", 431]] as const) {
    using client = await RawClient.connect(server);
    await client.write(start);
    for (let sent = 0; sent < 20; sent++) if (!await client.writeAnyway("a".repeat(1000))) break;
    assertEquals((await client.readHead()).status, status);
  }
  await assertEchoes(server);
});

// -------------------------------------------------------------------------------------------------- Bad heads

const KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
const BAD_HEADS: readonly (readonly [string, string])[] = [
  ["bare LF behind the request line", upgradeRequest().replace("HTTP/1.1\r\n", "HTTP/1.1\n")],
  ["bare LF behind a header line", upgradeRequest(["X: 1"]).replace("X: 1\r\n", "X: 1\n")],
  ["bare LF as the empty line", `${upgradeRequest().slice(0, -2)}\n`],
  ["CR within a value", upgradeRequest(["X: a\rb"])],
  ["NUL within a value", upgradeRequest(["X: a\0b"])],
  ["obs-fold with a space", upgradeRequest(["X: a", " b"])],
  ["obs-fold with a tab", upgradeRequest(["X: a", "\tb"])],
  ["space before the colon", upgradeRequest(["X : a"])],
  ["line without a colon", upgradeRequest(["X"])],
  ["no field name", upgradeRequest([": a"])],
  ["two spaces in the request line", upgradeRequest().replace("GET /", "GET  /")],
  ["no version", upgradeRequest().replace(" HTTP/1.1", "")],
  ["duplicate Key", upgradeRequest([KEY])],
  ["two different Keys", upgradeRequest(["Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="])],
  ["no Key", changed({ "Sec-WebSocket-Key": undefined })],
  ["Key of 15 bytes", changed({ "Sec-WebSocket-Key": "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAA" })],
  ["Key that is no base64", changed({ "Sec-WebSocket-Key": "Sec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!==" })],
  ["duplicate Host", upgradeRequest(["Host: 127.0.0.1"])],
  ["two different Hosts", upgradeRequest(["Host: evil.com"])],
  ["no Host", changed({ Host: undefined })],
  ["Host that is none", changed({ Host: "Host: a/b" })],
  ["Host with a user", changed({ Host: "Host: a@b" })],
  ["two Origins", upgradeRequest(["Origin: http://a", "Origin: http://b"])],
  ["no Connection", changed({ Connection: undefined })],
  ["Connection without Upgrade", changed({ Connection: "Connection: keep-alive" })],
  ["Content-Length: 5", upgradeRequest(["Content-Length: 5"])],
  ["Content-Length: -0", upgradeRequest(["Content-Length: -0"])],
  ["Transfer-Encoding", upgradeRequest(["Transfer-Encoding: chunked"])],
  ["fragment in the target", upgradeRequest([], "/a#b")],
  ["target of authority form", upgradeRequest([], "example.com:80")],
  ["subprotocol that is no token", upgradeRequest(["Sec-WebSocket-Protocol: a b"])],
  ["the same subprotocol twice", upgradeRequest(["Sec-WebSocket-Protocol: a, a"])],
  ["extensions that break the grammar", upgradeRequest(["Sec-WebSocket-Extensions: a; =b"])],
];
for (const [what, text] of BAD_HEADS) hostileRequest("bad_head", { what, text, status: 400 });
hostileRequest("bad_head", {
  what: "HTTP/1.0",
  text: upgradeRequest().replace("HTTP/1.1", "HTTP/1.0"),
  status: 505,
});
hostileRequest("bad_head", { what: "HTTP/2.0", text: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", status: 505 });

hostile("bad_head", "Content-Length: 0 is no body", async () => {
  await using server = serveEcho();
  using client = await RawClient.open(server, ["Content-Length: 0"]);
  await client.write(clientFrame(0x81, "in"));
  await client.expectFrame(0x81, "in");
});

// -------------------------------------------------------------------------------------------------- Version

for (const version of ["12", "8", "0", "14", "130", "013", "13, 8", "", "x"]) {
  hostile("version", `${JSON.stringify(version)} gets 426 and what is spoken here`, async () => {
    await using server = serveEcho();
    using client = await RawClient.connect(server);
    const line = `Sec-WebSocket-Version: ${version}`;
    const answer = await client.exchange(changed({ "Sec-WebSocket-Version": line }));
    assertEquals([answer.status, answer.headers.get("sec-websocket-version")], [426, "13"]);
    await assertEchoes(server);
  });
}
hostileRequest("version", { what: "none", text: changed({ "Sec-WebSocket-Version": undefined }), status: 426 });
hostileRequest("version", { what: "two", text: upgradeRequest(["Sec-WebSocket-Version: 13"]), status: 426 });

// -------------------------------------------------------------------------------------------------- Slow heads

hostile(
  "slow",
  "a head whose bytes keep coming, but too slowly, gets 408 at one total deadline",
  () =>
    withFakeClock(async (clock) => {
      await using server = serveEcho({ handshakeTimeout: 100 });
      using slow = await RawClient.connect(server);
      const text = upgradeRequest();
      // The pace is that of others' whole deadlines: each byte comes after somebody who began later was refused.
      await slow.write(text.slice(0, 5));
      using other = await RawClient.connect(server);
      await slow.write(text.slice(5, 6));
      assertEquals((await clock.until(other.readHead())).status, 408);
      await slow.writeAnyway(text.slice(6, 7));
      assertEquals((await clock.until(slow.readHead())).status, 408);
      await slow.writeAnyway(text.slice(7));
      slow.close();
      assertEquals(server.connections.size, 0);
    }),
);

hostile(
  "slow",
  "sockets that say nothing get 408, whatever their number, and their places are free again",
  () =>
    withFakeClock(async (clock) => {
      await using server = serveEcho({ handshakeTimeout: 300, limits: { maxConnections: 10 } });
      const silent = await Promise.all(Array.from({ length: 10 }, () => RawClient.connect(server)));
      for (const client of silent) {
        assertEquals((await clock.until(client.readAnswer())).status, 408);
        client.close();
      }
      await assertEchoes(server);
    }),
);

// -------------------------------------------------------------------------------------------------- Long lists

const HUGE = { limits: { maxHeaderLine: 200_000, maxHead: 300_000 } } as const;
const LENGTH = 100_000;
const LISTS: readonly (readonly [string, string])[] = [
  ["commas", ",".repeat(LENGTH)],
  ["spaces", " ".repeat(LENGTH)],
  ["commas and spaces", ", ".repeat(LENGTH / 2)],
  ["spaces, then a comma", `${" ".repeat(LENGTH)},`],
  ["tabs and commas", "\t,".repeat(LENGTH / 2)],
];
for (const name of ["Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"]) {
  for (const [what, value] of LISTS) {
    hostile("long_lists", `100 KB of ${what} in ${name} is an empty list`, async () => {
      await using server = serveEcho({ ...HUGE, compression: true, subprotocols: ["a"] });
      using client = await RawClient.connect(server);
      const { headers } = await client.handshake([`${name}: ${value}`]);
      assertEquals([headers.get("sec-websocket-protocol"), headers.get("sec-websocket-extensions")], [null, null]);
      await assertEchoes(server);
    });
  }
}
hostileRequest("long_lists", { what: "by default", text: upgradeRequest([`X: ${",".repeat(LENGTH)}`]), status: 431 });

// -------------------------------------------------------------------------------------------------- Same segment

hostile("same_segment", "frames behind the head are delivered, however they are cut", async () => {
  const head = encoder.encode(upgradeRequest());
  const frames = concat([
    ...Array.from({ length: 50 }, (_, index) => clientFrame(0x81, `message ${index}`)),
    clientFrame(0x01, "in "),
    clientFrame(0x89, "?"),
    clientFrame(0x80, "pieces"),
  ]);
  const bytes = concat([head, frames]);
  const expected = [...Array.from({ length: 50 }, (_, index) => `message ${index}`), "in pieces"];
  for (const form of ["handler", "iteration"] as const) {
    for (const cut of [head.length - 1, head.length + 1, head.length + 7, bytes.length - 1, bytes.length]) {
      await using victim = new Victim(form);
      using client = await RawClient.connect(victim.server);
      await client.write(bytes.subarray(0, cut));
      await client.write(bytes.subarray(cut));
      await client.readAcceptance();
      for (let count = 0; count < 52; count++) assert((await client.readFrame()) !== undefined);
      assertEquals(victim.received, expected);
    }
  }
});

hostile("same_segment", "frames that arrive while upgrade decides are delivered", async () => {
  const decision = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  await using victim = new Victim("iteration", {
    upgrade: async () => {
      asked.resolve();
      await decision.promise;
    },
  });
  using client = await RawClient.connect(victim.server);
  await client.write(upgradeRequest());
  await asked.promise;
  const payload = "x".repeat(100_000);
  await client.write(clientFrame(0x81, payload));
  decision.resolve();
  await client.readAcceptance();
  await client.expectFrame(0x81, payload);
});

hostile("same_segment", "a bad frame behind the head fails like any other", async () => {
  await using victim = new Victim("handler");
  using client = await RawClient.connect(victim.server);
  const attack = [clientFrame(0x81, "before"), clientFrame(0x83)];
  await client.write(concat([encoder.encode(upgradeRequest()), ...attack]));
  await client.readAcceptance();
  await client.expectClose(1002);
  assertEquals(victim.received, ["before"]);
  await assertEchoes(victim.server);
});

// -------------------------------------------------------------------------------------------------- Origins

const ORIGINS: readonly (readonly [string, string, number])[] = [
  ["https://evil.com", "example.com", 403],
  ["https://evil-example.com", "example.com", 403],
  ["https://example.com.evil.com", "example.com", 403],
  ["https://example.com@evil.com", "example.com", 403],
  ["https://evil.com#example.com", "example.com", 403],
  ["https://example.com:8443", "example.com", 403],
  ["https://example.com", "example.com:8443", 403],
  ["null", "example.com", 403],
  ["file://", "example.com", 403],
  ["example.com", "example.com", 403],
  ["https://example.com/", "example.com", 403],
  ["https://example.com", "example.com", 101],
  ["http://example.com", "example.com", 101],
  ["https://example.com:443", "example.com", 101],
  ["https://example.com", "example.com:443", 101],
  ["http://example.com", "example.com:80", 101],
  ["https://example.com:8443", "example.com:8443", 101],
  ["http://[::1]:8080", "[::1]:8080", 101],
];
for (const [origin, host, status] of ORIGINS) {
  hostile("origins", `${origin} at ${host} gets ${status}`, async () => {
    let opened = 0;
    await using server = serveEcho({ open: () => void opened++ });
    using client = await RawClient.connect(server);
    await client.write(upgradeRequest([`Origin: ${origin}`], "/", host));
    assertEquals((await client.readHead()).status, status);
    assertEquals(opened, status === 101 ? 1 : 0);
    await assertEchoes(server);
  });
}

hostile("origins", "a request without Origin is no browser's, and let in", async () => {
  await using server = serveEcho();
  await assertEchoes(server);
});

// -------------------------------------------------------------------------------------------------- Injection

hostile("injection", "CR, LF or NUL in what upgrade answers gets 500, and not a byte of it", async () => {
  for (const bad of ["a\r\nSet-Cookie: x=1", "a\nb", "a\rb", "a\0b"]) {
    const { logger, records } = recordingLogger();
    for (const headers of [[["X-Name", bad]], [[`X-${bad}`, "a"]]] as [string, string][][]) {
      await using server = serveEcho({ upgrade: () => ({ headers }), logger });
      using client = await RawClient.connect(server);
      const answer = await client.exchange(upgradeRequest());
      assertEquals([answer.status, answer.body, answer.headers.get("set-cookie")], [500, "Server failed\n", null]);
    }
    await using server = serveEcho({ upgrade: () => ({ subprotocol: bad }), logger });
    using client = await RawClient.connect(server);
    assertEquals((await client.exchange(upgradeRequest(["Sec-WebSocket-Protocol: a"]))).status, 500);
    assertEquals(records.filter((record) => record.startsWith("error")).length, 3);
  }
});

// -------------------------------------------------------------------------------------------------- Offers

const DECLINED = [
  "server_max_window_bits=7",
  "server_max_window_bits=16",
  "server_max_window_bits=08",
  "server_max_window_bits=+9",
  "server_max_window_bits=",
  "server_max_window_bits",
  'server_max_window_bits="16"',
  "client_max_window_bits=7",
  "client_max_window_bits=16",
  "client_max_window_bits=010",
  "client_max_window_bits=9; client_max_window_bits=9",
  "server_no_context_takeover; server_no_context_takeover",
  "server_no_context_takeover=1",
  "client_no_context_takeover=true",
  "unknown",
  "unknown=1",
];
const ACCEPTABLE = ["client_max_window_bits", "client_max_window_bits=15", 'server_max_window_bits="10"', ""];
const PROPERTY_NAMES = ["constructor", "__proto__", "toString", "hasOwnProperty", "valueOf"];

/** What the server answers an offer with, or the status where it refuses. */
async function answerTo(extensions: string): Promise<string | number | null> {
  await using server = serveEcho({ compression: true });
  using client = await RawClient.connect(server);
  await client.write(upgradeRequest([`Sec-WebSocket-Extensions: ${extensions}`]));
  const { status, headers } = await client.readHead();
  if (status !== 101) return status;
  await client.write(clientFrame(0x81, "works"));
  await client.expectFrame(0x81, "works");
  await assertEchoes(server);
  return headers.get("sec-websocket-extensions");
}

for (const parameters of DECLINED) {
  // An empty value breaks the grammar of the header itself.
  const expected = parameters.endsWith("=") ? 400 : null;
  hostile("deflate_offers", `the offer of ${parameters} is declined`, async () => {
    assertEquals(await answerTo(`permessage-deflate; ${parameters}`), expected);
  });
  if (expected === 400) continue;
  hostile("deflate_offers", `behind the offer of ${parameters} the next is taken`, async () => {
    const answer = await answerTo(`permessage-deflate; ${parameters}, permessage-deflate`);
    assert(String(answer).startsWith("permessage-deflate"), String(answer));
  });
}
for (const parameters of ACCEPTABLE) {
  hostile("deflate_offers", `the offer of "${parameters}" is taken`, async () => {
    const answer = await answerTo(`permessage-deflate${parameters === "" ? "" : `; ${parameters}`}`);
    assert(String(answer).startsWith("permessage-deflate"), String(answer));
  });
}
for (const name of PROPERTY_NAMES) {
  hostile("extension_names", `an extension named ${name} is ignored`, async () => {
    assertEquals(await answerTo(name), null);
    assertEquals(await answerTo(`${name}; ${name}=1, x-other`), null);
    assert(String(await answerTo(`${name}, permessage-deflate`)).startsWith("permessage-deflate"));
  });
  hostile("extension_names", `an offer with a parameter named ${name} is declined`, async () => {
    assertEquals(await answerTo(`permessage-deflate; ${name}`), null);
    assertEquals(await answerTo(`permessage-deflate; ${name}=15`), null);
  });
}

hostile("head_limits", "plain requests keep to the same limits", async () => {
  await using server = serveEcho({ ...LIMITS, fetch: () => new Response("page") });
  using client = await RawClient.connect(server);
  assertEquals((await client.exchange(requestText("GET", `${TARGET}b`, ["Host: a"]))).status, 414);
});
