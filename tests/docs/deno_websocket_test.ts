/**
 * What docs/comparison.md says of Deno's own WebSocket: where one of these fails, Deno has learned something, and the
 * page has to say so.
 *
 * @module
 */

import { once } from "node:events";
import { assert, assertEquals } from "../std.ts";

/** A server that echoes, and one that a test looks into. */
function echoServer(options: Deno.UpgradeWebSocketOptions = {}): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request, options);
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => socket.send(data);
    // What a peer does is the test's to judge.
    socket.onerror = () => {};
    return response;
  });
}

async function open(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url);
  socket.onerror = (event) => event.preventDefault();
  await once(socket, "open");
  return socket;
}

async function end(socket: WebSocket): Promise<void> {
  if (socket.readyState === WebSocket.CLOSED) return;
  const closed = once(socket, "close");
  socket.close();
  await closed;
}

/** Sends a request for an upgrade with further header fields; gives the connection and the head of the answer. */
async function upgrade(port: number, fields: string): Promise<readonly [Deno.TcpConn, string]> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const request = `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
    `Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n${fields}\r\n`;
  await connection.write(new TextEncoder().encode(request));
  return [connection, await readHead(connection)];
}

async function readHead(connection: Deno.TcpConn): Promise<string> {
  let head = "";
  const byte = new Uint8Array(1);
  while (!head.endsWith("\r\n\r\n") && await connection.read(byte) !== null) head += String.fromCharCode(byte[0]!);
  return head.toLowerCase();
}

Deno.test("Deno's own WebSocket neither offers nor takes compression (RFC 7692)", async () => {
  await using server = echoServer();
  const [connection, head] = await upgrade(server.addr.port, "Sec-WebSocket-Extensions: permessage-deflate\r\n");
  connection.close();
  assert(head.startsWith("http/1.1 101"), head);
  assert(!head.includes("sec-websocket-extensions"), head);

  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const client = new WebSocket(`ws://127.0.0.1:${listener.addr.port}`);
  client.onerror = (event) => event.preventDefault();
  const accepted = await listener.accept();
  const request = await readHead(accepted);
  const closed = once(client, "close");
  accepted.close();
  await closed;
  assert(request.startsWith("get /"), request);
  assert(!request.includes("sec-websocket-extensions"), request);
});

Deno.test("Deno's own server lets pages of other origins in", async () => {
  await using server = echoServer();
  const [connection, head] = await upgrade(server.addr.port, "Origin: https://elsewhere.example\r\n");
  connection.close();
  assert(head.startsWith("http/1.1 101"), head);
});

Deno.test("Deno's own WebSocket ends where a message has 64 MiB", async () => {
  await using server = echoServer();
  const client = await open(`ws://127.0.0.1:${server.addr.port}`);
  const closed = once(client, "close");
  client.send(new Uint8Array(64 << 20));
  const [{ wasClean }] = await closed;
  assertEquals(wasClean, false);
});

Deno.test("Deno's own WebSocket does not say when a message was written, and cannot be paused", async () => {
  await using server = echoServer();
  const client = await open(`ws://127.0.0.1:${server.addr.port}`);
  const sent: unknown = client.send("x");
  assertEquals(sent, undefined);
  assertEquals(client.send.length, 1);
  assert(!("pause" in client) && !("readable" in client) && !("ping" in client));
  await end(client);
});

Deno.test("Deno's own server pings a silent client and ends it after idleTimeout", async () => {
  await using server = echoServer({ idleTimeout: 1 });
  const [connection] = await upgrade(server.addr.port, "");
  const received: number[] = [];
  const bytes = new Uint8Array(64);
  for (let length = await connection.read(bytes); length !== null; length = await connection.read(bytes)) {
    received.push(...bytes.subarray(0, length));
  }
  connection.close();
  // An unmasked ping without a payload (RFC 6455 §5.5.2).
  assertEquals(received.slice(0, 2), [0x89, 0]);
});

Deno.test("Deno's own WebSocket stays closed when the server goes", async () => {
  let connections = 0;
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    connections++;
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onopen = () => socket.close(1001);
    return response;
  });
  const client = new WebSocket(`ws://127.0.0.1:${server.addr.port}`);
  await once(client, "close");
  assertEquals([client.readyState, connections], [WebSocket.CLOSED, 1]);
});
