/**
 * The floor of memory for a connection: answers a WebSocket handshake, and from then on holds the accepted socket with
 * one pending read into a small buffer. Prints its address when it is ready.
 */
const RESPONSE = new TextEncoder().encode(
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
);

async function hold(conn: Deno.Conn): Promise<void> {
  await conn.read(new Uint8Array(512));
  await conn.write(RESPONSE);
  await conn.read(new Uint8Array(512));
  conn.close();
}

const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
console.log(`ws://127.0.0.1:${listener.addr.port}`);
for await (const conn of listener) void hold(conn).catch((error: unknown) => console.error(error));
