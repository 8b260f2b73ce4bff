// An interoperability client on Node's ws; README.md describes the paths.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import process from "node:process";
import { parseArgs } from "node:util";
import { WebSocket } from "ws";

const { values } = parseArgs({
  options: {
    url: { type: "string" },
    deflate: { type: "string", default: "off" },
    ca: { type: "string" },
    unix: { type: "string" },
  },
});

const MIB = 1 << 20;
const TIMEOUT = 20_000;
const DEFLATE = {
  off: false,
  stateless: { threshold: 0, serverNoContextTakeover: true, clientNoContextTakeover: true },
  context: { threshold: 0 },
};

/** A connection whose messages are waited for one by one. */
class Client {
  constructor(path, { subprotocols = [], headers = {} } = {}) {
    const url = values.unix === undefined ? values.url + path : `ws+unix:${values.unix}:${path}`;
    const ca = values.ca === undefined ? undefined : readFileSync(values.ca);
    this.socket = new WebSocket(url, subprotocols, {
      ca,
      headers,
      perMessageDeflate: DEFLATE[values.deflate],
      maxPayload: 64 * MIB,
    });
    this.messages = [];
    this.takers = [];
    this.socket.on("message", (data, isBinary) => this.#push(isBinary ? data : data.toString()));
    this.socket.on("upgrade", (response) => this.response = response);
    this.opened = new Promise((resolve, reject) => {
      this.socket.on("open", resolve);
      this.socket.on("error", reject);
    });
    this.closed = new Promise((resolve) =>
      this.socket.on("close", (code, reason) => resolve({ code, reason: reason.toString() }))
    );
  }

  static async open(path, options) {
    const client = new Client(path, options);
    await client.opened;
    return client;
  }

  #push(message) {
    const take = this.takers.shift();
    if (take === undefined) this.messages.push(message);
    else take(message);
  }

  next() {
    const message = this.messages.shift();
    return message === undefined ? new Promise((resolve) => this.takers.push(resolve)) : message;
  }

  async close(code = 1000, reason = "") {
    this.socket.close(code, reason);
    return await this.closed;
  }
}

async function expectEchoes(...messages) {
  const client = await Client.open("/echo");
  for (const message of messages) client.socket.send(message);
  for (const message of messages) assert.deepEqual(await client.next(), message);
  assert.equal((await client.close()).code, 1000);
}

async function closesAs(id, close) {
  const client = await Client.open(`/record?id=${id}`);
  close(client.socket);
  await client.closed;
  const asker = await Client.open(`/recorded?id=${id}`);
  const info = JSON.parse(await asker.next());
  await asker.close();
  return info;
}

async function wireBytes() {
  const client = await Client.open("/echo");
  const tcp = client.socket._socket;
  const [read, written] = [tcp.bytesRead, tcp.bytesWritten];
  client.socket.send("a".repeat(MIB));
  await client.next();
  const bytes = [tcp.bytesRead - read, tcp.bytesWritten - written];
  await client.close();
  return bytes;
}

const CHECKS = {
  "text": () => expectEchoes("hello", "", "h\u00e9llo \u2603 \u{1f600}"),
  "binary": () => expectEchoes(Buffer.from([0, 1, 254, 255]), Buffer.alloc(0), randomBytes(300)),
  "large": () => expectEchoes("\u2603".repeat(MIB / 2), randomBytes(MIB), randomBytes(3 * MIB + 1)),
  "order": () => expectEchoes(...Array.from({ length: 1_000 }, (_, i) => `message ${i} ${"x".repeat(i)}`)),
  "fragmented, sent": async () => {
    const client = await Client.open("/echo");
    ["one ", "", "message"].forEach((part, i) => client.socket.send(part, { fin: i === 2 }));
    assert.equal(await client.next(), "one message");
    [4, 5, 6].forEach((byte, i) => client.socket.send(Uint8Array.of(byte), { fin: i === 2 }));
    assert.deepEqual(await client.next(), Buffer.from([4, 5, 6]));
    await client.close();
  },
  "fragmented, received": async () => {
    const client = await Client.open("/fragments");
    assert.equal(await client.next(), "fragmented");
    assert.deepEqual(await client.next(), Buffer.from([1, 2, 3]));
    await client.close();
  },
  "ping, sent": async () => {
    const client = await Client.open("/echo");
    const pong = new Promise((resolve) => client.socket.on("pong", resolve));
    client.socket.ping("ping 1");
    assert.equal((await pong).toString(), "ping 1");
    await client.close();
  },
  "ping, received": async () => {
    const client = await Client.open("/ping");
    assert.equal(await client.next(), "are you there");
    await client.close();
  },
  "close, sent": async () => {
    const info = await closesAs("code", (socket) => socket.close(4002, "bye from the client"));
    assert.deepEqual(info, { code: 4002, reason: "bye from the client" });
  },
  "close, sent without status": async () => {
    assert.deepEqual(await closesAs("none", (socket) => socket.close()), { code: 1005, reason: "" });
  },
  "close, received": async () => {
    const client = await Client.open("/close");
    assert.deepEqual(await client.closed, { code: 4001, reason: "bye from the server" });
  },
  "subprotocol": async () => {
    const client = await Client.open("/echo", { subprotocols: ["chat.v1", "chat.v2"] });
    assert.equal(client.socket.protocol, "chat.v2");
    await client.close();
    const plain = await Client.open("/echo");
    assert.equal(plain.socket.protocol, "");
    await plain.close();
  },
  "headers": async () => {
    const client = await Client.open("/headers", { headers: { "x-client": "interop" } });
    assert.equal(client.response.headers["x-server"], "interop");
    assert.equal(await client.next(), "interop");
    await client.close();
  },
  "refused": async () => {
    const client = new Client("/refuse");
    client.opened.catch(() => {});
    const response = await new Promise((resolve) => client.socket.on("unexpected-response", (_, r) => resolve(r)));
    assert.equal(response.statusCode, 401);
    assert.equal(response.headers["www-authenticate"], "Basic");
    let body = "";
    for await (const chunk of response) body += chunk;
    assert.equal(body, "no entry");
  },
  "extensions": async () => {
    const client = await Client.open("/echo");
    const header = client.response.headers["sec-websocket-extensions"] ?? "";
    assert.equal(/^permessage-deflate/.test(header), values.deflate !== "off", header);
    assert.equal(/server_no_context_takeover/.test(header), values.deflate === "stateless", header);
    assert.equal(/client_no_context_takeover/.test(header), values.deflate === "stateless", header);
    await client.close();
  },
  "size on the wire": async () => {
    for (const bytes of await wireBytes()) {
      if (values.deflate === "off") assert.ok(bytes > MIB, `${bytes}`);
      else assert.ok(bytes > 0 && bytes < MIB / 100, `${bytes}`);
    }
  },
};

async function within(promise) {
  let timer;
  const timeout = new Promise((_, reject) => timer = setTimeout(() => reject(new Error("timed out")), TIMEOUT));
  await Promise.race([promise, timeout]).finally(() => clearTimeout(timer));
}

for (const [check, run] of Object.entries(CHECKS)) {
  const error = await within(run()).then(() => undefined, (error) => String(error.message ?? error));
  console.log(JSON.stringify({ check, error }));
}
process.exit(0);
