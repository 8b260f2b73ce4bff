import { connect, HandshakeError, type WebSocketConnection } from "@viaduct/viaduct";
import { assert, assertEquals, assertInstanceOf, assertMatch, assertRejects } from "../std.ts";
import { POSIX } from "../support/systems.ts";
import { interrupt, LIMIT, runExample, startExample } from "./example.ts";
import type { ChatEvent, ChatRequest } from "../../examples/chat/room.ts";

/** A running chat. */
interface Chat {
  readonly page: string;
  readonly socket: string;
  interrupt(): Promise<number>;
}

async function withChat(use: (chat: Chat) => Promise<void>): Promise<void> {
  const process = await startExample("chat/main.ts", ["--port", "0"]);
  try {
    const [, page = ""] = await process.line(/^Chat at (http:\S+) /, LIMIT);
    await use({ page, socket: page.replace(/^http/, "ws") + "ws", interrupt: () => interrupt(process) });
  } finally {
    await process.stop();
  }
}

/** A client that speaks as the page does. */
class Client {
  readonly #ws: WebSocketConnection;
  readonly #messages: AsyncIterator<string | Uint8Array>;

  constructor(ws: WebSocketConnection) {
    this.#ws = ws;
    this.#messages = ws[Symbol.asyncIterator]();
  }

  static async connect(url: string): Promise<Client> {
    return new Client(await connect(url));
  }

  async next(): Promise<ChatEvent> {
    const { done, value } = await this.#messages.next();
    assert(!done, "The connection has ended");
    return JSON.parse(String(value));
  }

  /** The next lines of the log, as the page shows them. */
  async lines(count: number): Promise<string[]> {
    const lines: string[] = [];
    while (lines.length < count) {
      const event = await this.next();
      for (const line of event.type === "history" ? event.lines : [event]) {
        if (line.type === "said") lines.push(`${line.name}: ${line.text}`);
        if (line.type === "notice") lines.push(line.text);
      }
    }
    return lines;
  }

  send(request: ChatRequest): Promise<void> {
    return this.#ws.send(JSON.stringify(request));
  }

  close(): Promise<{ readonly code: number }> {
    return this.#ws.close();
  }

  get closed(): WebSocketConnection["closed"] {
    return this.#ws.closed;
  }
}

Deno.test("chat carries what is said, and who joins, is renamed and leaves, to everybody", async () => {
  await withChat(async ({ socket }) => {
    const [ada, bob] = await Promise.all([Client.connect(socket), Client.connect(socket)]);
    // Who has the history gets everything from then on.
    for (const client of [ada, bob]) assertEquals(await client.next(), { type: "history", lines: [] });
    await ada.send({ type: "join", name: "Ada" });
    await ada.send({ type: "say", text: "<b>hello</b> ☃" });
    const first = ["Ada joined", "Ada: <b>hello</b> ☃"];
    assertEquals([await ada.lines(2), await bob.lines(2)], [first, first]);
    await bob.send({ type: "join", name: " Bo\tb\n" });
    await bob.send({ type: "say", text: "hi" });
    const second = ["Bo b joined", "Bo b: hi"];
    assertEquals([await ada.lines(2), await bob.lines(2)], [second, second]);
    await bob.send({ type: "join", name: "Bob" });
    assertEquals(await ada.lines(1), ["Bo b is now Bob"]);
    await bob.close();
    assertEquals(await ada.lines(1), ["Bob left"]);
    await ada.close();
  });
});

Deno.test("chat gives the last 50 messages to who joins late, and how many are here", async () => {
  await withChat(async ({ socket }) => {
    const ada = await Client.connect(socket);
    assertEquals(await ada.next(), { type: "history", lines: [] });
    assertEquals(await ada.next(), { type: "people", count: 0 });
    await ada.send({ type: "join", name: "Ada" });
    const texts = Array.from({ length: 53 }, (_, index) => `Ada: message ${index}`);
    for (let index = 0; index < texts.length; index++) await ada.send({ type: "say", text: `message ${index}` });
    assertEquals(await ada.lines(54), ["Ada joined", ...texts]);
    const late = await Client.connect(socket);
    assertEquals(await late.lines(50), texts.slice(3));
    assertEquals(await late.next(), { type: "people", count: 1 });
    await Promise.all([ada.close(), late.close()]);
  });
});

const REFUSED: Readonly<Record<string, readonly [string | Uint8Array, number, RegExp]>> = {
  "what is not JSON": ["{", 1008, /JSON/],
  "bytes": [new Uint8Array([1]), 1008, /received bytes/],
  "an unknown request": [`{"type":"leave"}`, 1008, /join with a name or a say with a text/],
  "a name that is no string": [`{"type":"join","name":{}}`, 1008, /name must be a string/],
  "an empty name": [`{"type":"join","name":" \\n"}`, 1008, /1 to 32 characters, received 0/],
  "a long name": [`{"type":"join","name":"${"x".repeat(33)}"}`, 1008, /1 to 32 characters, received 33/],
  "text from who has no name": [`{"type":"say","text":"hi"}`, 1008, /Join with a name/],
  "a long text": [`{"type":"say","text":"${"x".repeat(1001)}"}`, 1008, /1 to 1000 characters, received 1001/],
  "a message over the limit": ["x".repeat(8193), 1009, /8192/],
};

Deno.test("chat closes the connection of a client that sends nonsense, and of nobody else", async (t) => {
  await withChat(async ({ socket }) => {
    const ada = await Client.connect(socket);
    for (const [what, [message, expected, pattern]] of Object.entries(REFUSED)) {
      await t.step(what, async () => {
        const ws = await connect(socket);
        await ws.send(message);
        const { code, reason } = await ws.closed;
        assertEquals(code, expected);
        assertMatch(reason, pattern);
      });
    }
    await ada.send({ type: "join", name: "Ada" });
    assertEquals(await ada.lines(1), ["Ada joined"]);
    await ada.close();
  });
});

Deno.test("chat serves its page, which loads nothing and lets no injected script run", async () => {
  await withChat(async ({ page, socket }) => {
    const response = await fetch(page);
    const html = await response.text();
    assertEquals(response.status, 200);
    assertEquals(response.headers.get("content-type"), "text/html; charset=utf-8");
    const [, nonce = ""] = /script-src 'nonce-([\w-]{36})'/.exec(response.headers.get("content-security-policy")!)!;
    assert(html.includes(`<script type="module" nonce="${nonce}">`) && !html.includes("NONCE"));
    for (const id of ["name", "text", "chat", "log", "status"]) assert(html.includes(`id="${id}"`), id);
    assertEquals(html.match(/(?:src|href)="(?!data:)/g), null);
    const missing = await fetch(`${page}favicon.ico`);
    assertEquals([missing.status, await missing.text()], [404, "Not found\n"]);
    const error = await assertRejects(() => connect(socket, { headers: { origin: "https://evil.example" } }));
    assertInstanceOf(error, HandshakeError);
    assertEquals(error.status, 403);
    const own = await connect(socket, { headers: { origin: page.slice(0, -1) } });
    await own.close();
  });
});

Deno.test("chat ends by Ctrl+C with 1001 for who is connected", POSIX, async () => {
  await withChat(async ({ socket, interrupt }) => {
    const ada = await Client.connect(socket);
    assertEquals((await ada.next()).type, "history");
    assertEquals(await interrupt(), 0);
    assertEquals((await ada.closed).code, 1001);
  });
});

Deno.test("chat --once fetches the page, lets two clients talk, and ends", async () => {
  const { code, lines } = await runExample("chat/main.ts", ["--once"]);
  assertMatch(lines[0]!, /^GET \/ answers 200, \d+ characters of HTML$/);
  assertEquals(lines.slice(1), [
    "Ada receives Ada joined",
    "Ada says     Is anybody here?",
    "Ada receives Ada: Is anybody here?",
    "Bob receives Ada: Is anybody here?",
    "Bob receives Bob joined",
    "Bob says     I am, and I see your question.",
    "Ada receives Bob joined",
    "Ada receives Bob: I am, and I see your question.",
    "Bob receives Bob: I am, and I see your question.",
    "Bob leaves   code 1000, cleanly",
    "Ada receives Bob left",
    "Ada leaves   code 1000, cleanly",
    "The conversation is over",
  ]);
  assertEquals(code, 0);
});

Deno.test("chat says what is wrong with its arguments", async (t) => {
  for (
    const [args, message] of [[["--port", "70000"], /0 to 65535, received "70000"/], [["--prt"], /--prt/]] as const
  ) {
    await t.step(args.join(" "), async () => {
      const { code, lines } = await runExample("chat/main.ts", args);
      assertEquals(code, 1);
      assertMatch(lines[0]!, message);
      assert(lines.some((line) => line.startsWith("Usage:")));
    });
  }
});
