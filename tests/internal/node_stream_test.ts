import { createServer, type Server, type Socket } from "node:net";
import { Duplex, PassThrough } from "node:stream";
import { connectNode, duplexOf, NodeStream, secureNodeStream } from "../../internal/node_stream.ts";
import type { ByteStream } from "../../internal/stream.ts";
import { assert, assertEquals, assertInstanceOf, assertRejects, concat } from "../std.ts";
import { createTlsFixture } from "../tls_fixture.ts";

const never = new AbortController().signal;

async function readAll(stream: ByteStream, size: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const buffer = new Uint8Array(size);
  for (let length = await stream.read(buffer); length !== null; length = await stream.read(buffer)) {
    assert(length >= 1 && length <= size);
    parts.push(buffer.slice(0, length));
  }
  return concat(parts);
}

function listeners(duplex: Duplex): number {
  return duplex.eventNames().reduce((sum, name) => sum + duplex.listenerCount(name), 0);
}

function sample(length: number): Uint8Array {
  return new Uint8Array(length).map((_, index) => index * 13);
}

Deno.test("NodeStream reads what arrives into buffers of any size", async () => {
  for (const size of [1, 7, 4096]) {
    const duplex = new PassThrough();
    const stream = new NodeStream(duplex);
    const reading = readAll(stream, size);
    duplex.write(sample(100));
    duplex.write(sample(3));
    duplex.end();
    assertEquals(await reading, concat([sample(100), sample(3)]));
    assertEquals(await stream.read(new Uint8Array(1)), null);
    stream.close();
  }
});

Deno.test("NodeStream settles a write when the stream has taken it, and not before", async () => {
  const taken: (() => void)[] = [];
  const duplex = new Duplex({ read() {}, write: (_chunk, _encoding, callback) => void taken.push(callback) });
  const stream = new NodeStream(duplex);
  let isSettled = false;
  const writing = stream.write(sample(5)).then((length) => {
    isSettled = true;
    return length;
  });
  await Promise.resolve();
  assertEquals([isSettled, taken.length], [false, 1]);
  taken[0]!();
  assertEquals(await writing, 5);
  stream.close();
});

Deno.test("NodeStream settles what is pending when it is closed, and leaves no listener", async () => {
  const duplex = new Duplex({ read() {}, write() {} });
  const before = listeners(duplex);
  const stream = new NodeStream(duplex);
  const reading = stream.read(new Uint8Array(1));
  const writing = stream.write(sample(1));
  const closed = new Promise((resolve) => duplex.once("close", resolve));
  stream.close();
  await assertRejects(() => reading, Error, "Stream is closed");
  await assertRejects(() => writing, Error, "Stream is closed");
  await assertRejects(() => stream.read(new Uint8Array(1)), Error, "Stream is closed");
  await assertRejects(() => stream.write(sample(1)), Error, "Stream is closed");
  await closed;
  stream.close();
  // One that swallows errors stays: Node ends the process where nobody listens.
  assertEquals(listeners(duplex) - before, 1);
});

Deno.test("NodeStream rejects with the stream's error, and where it is cut off", async () => {
  const broken = new PassThrough();
  const stream = new NodeStream(broken);
  const reading = stream.read(new Uint8Array(1));
  const error = new Error("Broken");
  broken.destroy(error);
  assertEquals(await reading.catch((error) => error), error);
  const cut = new PassThrough();
  const pending = new NodeStream(cut).read(new Uint8Array(1));
  cut.destroy();
  await assertRejects(() => pending, Error, "before its end");
});

/** A server of node:net. */
async function netServer(onSocket: (socket: Socket) => void): Promise<{ server: Server; port: number }> {
  const server = createServer({ allowHalfOpen: true }, onSocket);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  assert(address !== null && typeof address === "object");
  return { server, port: address.port };
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => void server.close(() => resolve()));
}

Deno.test("connectNode opens a socket that can be closed by halves", async () => {
  const { server, port } = await netServer((socket) => {
    const parts: Uint8Array[] = [];
    socket.on("data", (part: Uint8Array) => parts.push(part));
    // Answers when the client has ended its half.
    socket.on("end", () => socket.end(concat(parts)));
  });
  const stream = await connectNode({ hostname: "127.0.0.1", port }, never);
  assertEquals(stream.addresses().remoteAddress, `127.0.0.1:${port}`);
  const data = sample(300_000);
  await stream.write(data);
  await stream.closeWrite();
  assertEquals(await readAll(stream, 10_000), data);
  stream.close();
  await closeServer(server);
});

Deno.test("connectNode rejects with the reason of an abort and with the error of the system", async () => {
  const reason = new Error("No longer wanted");
  const { server, port } = await netServer((socket) => void socket.destroy());
  const target = { hostname: "127.0.0.1", port };
  assertEquals(await connectNode(target, AbortSignal.abort(reason)).catch((error) => error), reason);
  const controller = new AbortController();
  const opening = connectNode(target, controller.signal);
  controller.abort(reason);
  assertEquals(await opening.catch((error) => error), reason);
  await closeServer(server);
  const error = await connectNode(target, never).catch((error) => error);
  assertInstanceOf(error, Error);
  assert("code" in error && error.code === "ECONNREFUSED");
});

Deno.test("duplexOf passes bytes, ends and errors on", async () => {
  const { server, port } = await netServer((socket) => void socket.pipe(socket));
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const duplex = duplexOf(conn);
  const stream = new NodeStream(duplex);
  const data = sample(200_000);
  const reading = readAll(stream, 5000);
  await stream.write(data);
  await stream.closeWrite();
  assertEquals(await reading, data);
  stream.close();
  assert(duplex.destroyed);
  const failing: ByteStream = {
    read: () => Promise.reject(new Error("Read failed")),
    write: () => Promise.reject(new Error("Write failed")),
    close: () => {
      throw new Error("Closed twice");
    },
  };
  await assertRejects(() => new NodeStream(duplexOf(failing)).read(new Uint8Array(1)), Error, "Read failed");
  await assertRejects(() => new NodeStream(duplexOf(failing)).write(sample(1)), Error, "failed");
  await closeServer(server);
});

Deno.test("secureNodeStream verifies the server and speaks over a stream of node:net", async () => {
  const fixture = createTlsFixture();
  const listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, ...fixture.server });
  const serving = (async () => {
    for await (const conn of listener) {
      await conn.readable.pipeTo(conn.writable).catch(() => {});
    }
  })();
  const { port } = listener.addr;
  const options = { serverName: "localhost", caCerts: [fixture.caCert], cert: undefined, key: undefined };
  const stream = await secureNodeStream(await connectNode({ hostname: "127.0.0.1", port }, never), options, never);
  const data = sample(50_000);
  const received: Uint8Array[] = [];
  await stream.write(data);
  const buffer = new Uint8Array(9000);
  for (let length = 0; length < data.length;) {
    const read = await stream.read(buffer);
    assert(read !== null);
    received.push(buffer.slice(0, read));
    length += read;
  }
  assertEquals(concat(received), data);
  stream.close();
  const other = await connectNode({ hostname: "127.0.0.1", port }, never);
  const wrong = { ...options, serverName: "example.com" };
  await assertRejects(() => secureNodeStream(other, wrong, never), Error, "altnames");
  other.close();
  listener.close();
  await serving;
});
