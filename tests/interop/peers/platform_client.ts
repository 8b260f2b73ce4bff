/** An interoperability client on the platform's `WebSocket`; README.md describes the paths. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";

type Message = string | Uint8Array;

const MIB = 1 << 20;
const TIMEOUT = 20_000;
const { values } = parseArgs({ options: { url: { type: "string", default: "" } } });

/** A connection whose messages are waited for one by one. */
class Client {
  readonly socket: WebSocket;
  readonly opened: Promise<void>;
  readonly closed: Promise<CloseEvent>;
  readonly #messages: Message[] = [];
  readonly #takers: ((message: Message) => void)[] = [];

  constructor(path: string, subprotocols: string[] = []) {
    this.socket = new WebSocket(values.url + path, subprotocols);
    this.socket.binaryType = "arraybuffer";
    this.socket.addEventListener("message", ({ data }) => {
      this.#push(typeof data === "string" ? data : new Uint8Array(data));
    });
    this.opened = new Promise((resolve, reject) => {
      this.socket.addEventListener("open", () => resolve());
      this.socket.addEventListener("error", () => reject(new Error("The connection failed")));
    });
    this.closed = new Promise((resolve) => this.socket.addEventListener("close", resolve));
  }

  next(): Promise<Message> {
    const message = this.#messages.shift();
    return message === undefined ? new Promise((resolve) => this.#takers.push(resolve)) : Promise.resolve(message);
  }

  async close(code = 1000, reason = ""): Promise<CloseEvent> {
    this.socket.close(code, reason);
    return await this.closed;
  }

  #push(message: Message): void {
    const take = this.#takers.shift();
    if (take === undefined) this.#messages.push(message);
    else take(message);
  }
}

async function open(path: string, subprotocols: string[] = []): Promise<Client> {
  const client = new Client(path, subprotocols);
  await client.opened;
  return client;
}

async function expectEchoes(...messages: Message[]): Promise<void> {
  const client = await open("/echo");
  for (const message of messages) client.socket.send(typeof message === "string" ? message : message.slice());
  for (const message of messages) assert.deepEqual(await client.next(), message);
  const { code, wasClean } = await client.close();
  assert.deepEqual([code, wasClean], [1000, true]);
}

function random(length: number): Uint8Array {
  return new Uint8Array(randomBytes(length));
}

const CHECKS: Readonly<Record<string, () => Promise<void>>> = {
  "text": () => expectEchoes("hello", "", "h\u00e9llo \u2603 \u{1f600}"),
  "binary": () => expectEchoes(Uint8Array.of(0, 1, 254, 255), new Uint8Array(), random(300)),
  "large": () => expectEchoes("\u2603".repeat(MIB / 2), random(MIB), random(3 * MIB + 1)),
  "order": () => expectEchoes(...Array.from({ length: 1_000 }, (_, i) => `message ${i} ${"x".repeat(i)}`)),
  "fragmented, received": async () => {
    const client = await open("/fragments");
    assert.equal(await client.next(), "fragmented");
    assert.deepEqual(await client.next(), Uint8Array.of(1, 2, 3));
    await client.close();
  },
  "ping, received": async () => {
    const client = await open("/ping");
    assert.equal(await client.next(), "are you there");
    await client.close();
  },
  "close, sent": async () => {
    await (await open("/record?id=code")).close(4002, "bye from the client");
    const asker = await open("/recorded?id=code");
    assert.deepEqual(JSON.parse(String(await asker.next())), { code: 4002, reason: "bye from the client" });
    await asker.close();
  },
  "close, received": async () => {
    const { code, reason, wasClean } = await (await open("/close")).closed;
    assert.deepEqual([code, reason, wasClean], [4001, "bye from the server", true]);
  },
  "subprotocol": async () => {
    const client = await open("/echo", ["chat.v1", "chat.v2"]);
    assert.equal(client.socket.protocol, "chat.v2");
    await client.close();
    const plain = await open("/echo");
    assert.equal(plain.socket.protocol, "");
    await plain.close();
  },
  "refused": async () => {
    const client = new Client("/refuse");
    await assert.rejects(client.opened);
    assert.equal((await client.closed).wasClean, false);
  },
};

async function within(promise: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("timed out")), TIMEOUT);
  });
  await Promise.race([promise, timeout]).finally(() => clearTimeout(timer));
}

for (const [check, run] of Object.entries(CHECKS)) {
  const error = await within(run()).then(() => undefined, (error) => String(error.message ?? error));
  console.log(JSON.stringify({ check, error }));
}
Deno.exit(0);
