import { createHash } from "node:crypto";
import { join } from "node:path";
import { assert, assertEquals, assertMatch } from "../std.ts";
import { createTlsFixture } from "../tls_fixture.ts";
import { runExample } from "./example.ts";

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("stream_file sends a file of several frames whole and shows its progress", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "file");
    const content = Uint8Array.from({ length: 1_000_003 }, (_, index) => index * index);
    await Deno.writeFile(path, content);
    const { code, lines } = await runExample("stream_file.ts", [path]);
    assertMatch(lines[0]!, /^Sending 1000003 bytes to ws:/);
    const progress = lines.filter((line) => line.startsWith("Sent "));
    assert(progress.length > 2, lines.join("\n"));
    assertEquals(progress.at(-1), "Sent 100 %");
    const digest = createHash("sha256").update(content).digest("hex");
    assertEquals(lines.at(-1), `The server received 1000003 bytes, SHA-256 ${digest}`);
    assertEquals(code, 0);
  });
});

Deno.test("stream_file sends an empty file", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "file");
    await Deno.writeFile(path, new Uint8Array());
    const { code, lines } = await runExample("stream_file.ts", [path]);
    const digest = createHash("sha256").digest("hex");
    assertEquals(lines.at(-1), `The server received 0 bytes, SHA-256 ${digest}`);
    assertEquals(code, 0);
  });
});

Deno.test("stream_file says how it is used", async () => {
  assertEquals(await runExample("stream_file.ts"), { code: 2, lines: ["Usage: stream_file.ts FILE"] });
});

Deno.test("compression counts fewer bytes with compression, and the fewest with context takeover", async () => {
  const { code, lines } = await runExample("compression.ts");
  assertEquals(code, 0, lines.join("\n"));
  const counts = lines.map((line) => Number(/ (\d+) bytes/.exec(line)?.[1]));
  assertEquals(counts.length, 3);
  const [plain = 0, alone = 0, takeover = 0] = counts;
  assert(takeover > 0 && takeover < alone && alone < plain / 2, lines.join("\n"));
  assertEquals(lines.map((line) => line.includes("permessage-deflate")), [false, true, true]);
});

Deno.test("tls talks to a server whose authority it is given, and to no other", async () => {
  const { caCert, server } = createTlsFixture();
  await withFolder(async (folder) => {
    const files = { ca: caCert, cert: server.cert, key: server.key };
    const args = Object.keys(files).flatMap((name) => [`--${name}`, join(folder, `${name}.pem`)]);
    for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(join(folder, `${name}.pem`), text);
    const { code, lines } = await runExample("tls.ts", args);
    assertMatch(lines[0]!, /^Listening on wss:\/\/127\.0\.0\.1:\d+\/$/);
    assertEquals(lines.slice(1), [
      "A client that does not know the authority refuses the server",
      "Received: Nobody else can read this",
    ]);
    assertEquals(code, 0);
  });
});

Deno.test("reconnecting follows its server through two losses and misses nothing", async () => {
  const { code, lines } = await runExample("reconnecting.ts");
  const connection = (first: number) => [
    "Connected",
    "Received follow from numbers",
    ...[first, first + 1, first + 2].map((number) => `Received ${number}`),
  ];
  assertEquals(lines, [
    ...connection(1),
    "Lost: Connection closed with 1006; attempt 1 follows",
    ...connection(4),
    "Lost: Connection closed with 1006; attempt 2 follows",
    ...connection(7),
    "Followed to 9",
  ]);
  assertEquals(code, 0);
});

Deno.test("web_socket_class sees the events of the web's WebSocket", async () => {
  const { code, lines } = await runExample("web_socket_class.ts");
  assertEquals(lines, [
    "open: readyState 1, protocol greeting",
    "message: hello",
    "message: 010203",
    "close: 1000, wasClean true",
  ]);
  assertEquals(code, 0);
});

Deno.test("wamp_calls calls, takes an error, and takes progressive results", async () => {
  assertEquals(await runExample("wamp_calls.ts"), {
    code: 0,
    lines: [
      "2 + 3 = 5",
      'com.example.error.division_by_zero: Cannot divide by 0, with {"a":1}',
      ...["so far: 1", "so far: 2", "so far: 3", "at last: done"],
    ],
  });
});

Deno.test("wamp_events hears by topic, by prefix and by wildcard", async () => {
  const { code, lines } = await runExample("wamp_events.ts");
  assertEquals(lines.toSorted(), [
    "exact     21.5 °C",
    "prefix    com.example.cellar.temperature",
    "prefix    com.example.done",
    "prefix    com.example.kitchen.temperature",
    "wildcard  com.example.cellar.temperature 12",
    "wildcard  com.example.kitchen.temperature 21.5",
  ]);
  assertEquals(code, 0);
});

Deno.test("wamp_authentication lets in who proves who it is, by each method, and nobody else", async () => {
  assertEquals(await runExample("wamp_authentication.ts"), {
    code: 0,
    lines: [
      "ticket: joe is a user",
      "wampcra: paul is a user",
      "wamp-scram: mary is a user",
      "cryptosign: device-7 is a device",
      "ticket: eve is a user",
      "wamp-scram: wamp.error.authentication_denied",
      "wamp-scram: wamp.error.authentication_denied",
      "ticket: wamp.error.authentication_denied",
    ],
  });
});

Deno.test("wamp_in_deno_serve serves a page and routes, on one port", async () => {
  assertEquals(await runExample("wamp_in_deno_serve.ts"), {
    code: 0,
    lines: ["GET / answers: The page of this server", "HELLO"],
  });
});

Deno.test("wamp_encrypted is read by who has the key, and by nobody else", async () => {
  assertEquals(await runExample("wamp_encrypted.ts"), {
    code: 0,
    lines: ["answer: no headache tomorrow", "without a key: wamp.error.feature_not_supported"],
  });
});

Deno.test("wamp_kept_events gives the last event, the history and a last will", async () => {
  assertEquals(await runExample("wamp_kept_events.ts"), {
    code: 0,
    lines: ["retained: 21", "history, the latest first: 21, 20", "gone: sensor"],
  });
});

Deno.test("wamp_component survives a restart of its router, and has again what it declared", async () => {
  assertEquals(await runExample("wamp_component.ts"), {
    code: 0,
    lines: [
      "backend: open",
      "1 + 2 = 3",
      "The router is restarted",
      "backend: open",
      "3 + 4 = 7",
      "tick 5",
      "backend: closed",
    ],
  });
});

Deno.test("wamp_contracts is typed, and checked at both ends", async () => {
  assertEquals(await runExample("wamp_contracts.ts"), {
    code: 0,
    lines: ["Hello, Ada", "84 / 2 = 42, published 42", "wamp.error.invalid_argument"],
  });
});

Deno.test("wamp_progressive takes results and arguments as they come, and gives up midway", async () => {
  assertEquals(await runExample("wamp_progressive.ts"), {
    code: 0,
    lines: ["3…", "2…", "1…", "lift-off!", "sum: 1", "sum: 3", "sum: 6", "sum: 6 in all", "given up after 3"],
  });
});

Deno.test("wamp_catch_up hears what was published while it was away, and is told of a gap", async () => {
  assertEquals(await runExample("wamp_catch_up.ts"), { code: 0, lines: ["1, 2, 3, 4, forgotten, 6, 7, 8"] });
});
