import { assertEquals, assertRejects } from "../std.ts";
import { Link } from "./proxy.ts";

/** A client and a server with a link between them. */
async function makePair(): Promise<{ link: Link; client: Deno.TcpConn; server: Deno.TcpConn; end(): Promise<void> }> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const link = new Link(listener.addr.port);
  const accepting = listener.accept();
  const client = await Deno.connect({ hostname: "127.0.0.1", port: link.port });
  const server = await accepting;
  const end = async (): Promise<void> => {
    for (const closing of [client, server, listener]) closing.close();
    await link.refuse();
  };
  return { link, client, server, end };
}

/** What comes next, as text; `null` at the end. */
async function read(conn: Deno.TcpConn): Promise<string | null> {
  const buffer = new Uint8Array(100);
  const count = await conn.read(buffer);
  return count === null ? null : new TextDecoder().decode(buffer.subarray(0, count));
}

async function write(conn: Deno.TcpConn, text: string): Promise<void> {
  await conn.write(new TextEncoder().encode(text));
}

Deno.test("Link carries both directions, and a cut ends both", async () => {
  const { link, client, server, end } = await makePair();
  await write(client, "there");
  assertEquals(await read(server), "there");
  await write(server, "and back");
  assertEquals(await read(client), "and back");
  assertEquals([link.accepted, link.connections], [1, 1]);
  link.cut();
  assertEquals([await read(client), await read(server)], [null, null]);
  await end();
});

Deno.test("Link cuts one direction, and the other goes on", async () => {
  const { link, client, server, end } = await makePair();
  await write(client, "there");
  assertEquals(await read(server), "there");
  await link.cutOneWay("toClient");
  assertEquals(await read(client), null);
  await write(client, "still there");
  assertEquals(await read(server), "still there");
  await end();
});

Deno.test("Link truncates what comes next, and ends the connection", async () => {
  const { link, client, server, end } = await makePair();
  await write(client, "there");
  assertEquals(await read(server), "there");
  link.truncate("toRouter");
  await write(client, "12345678");
  assertEquals(await read(server), "1234");
  assertEquals(await read(server), null);
  await end();
});

Deno.test("Link loses everything of a silent direction, and keeps an end to itself until it is told", async () => {
  const { link, client, server, end } = await makePair();
  await write(client, "there");
  assertEquals(await read(server), "there");
  const endSilence = link.silence(["toRouter"]);
  await write(client, "lost");
  await write(server, "heard");
  assertEquals(await read(client), "heard");
  await client.closeWrite();
  let hasHeard = false;
  const next = read(server).then((text) => {
    hasHeard = true;
    return text;
  });
  await write(server, "heard too");
  assertEquals(await read(client), "heard too");
  assertEquals(hasHeard, false);
  endSilence();
  assertEquals(await next, null);
  await end();
});

Deno.test("Link refuses connections, and admits them again at the same port", async () => {
  const { link, client, server, end } = await makePair();
  await write(client, "there");
  assertEquals(await read(server), "there");
  await link.refuse();
  assertEquals(await read(client), null);
  const dial = () => Deno.connect({ hostname: "127.0.0.1", port: link.port });
  await assertRejects(dial, Deno.errors.ConnectionRefused);
  link.admit();
  (await dial()).close();
  await end();
});
