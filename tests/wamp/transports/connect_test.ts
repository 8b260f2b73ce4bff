import { assertEquals, assertRejects } from "../../std.ts";
import { serve } from "../../../websocket/mod.ts";
import { SERIALIZERS } from "../../../wamp/serializers/mod.ts";
import { connectTransport, type TransportOptions } from "../../../wamp/transports/connect.ts";
import { rawSocketAcceptor } from "../../../wamp/transports/rawsocket.ts";
import type { Transport } from "../../../wamp/transports/transport.ts";
import { webSocketReceiver } from "../../../wamp/transports/websocket.ts";
import { Recording } from "./recording.ts";
import { POSIX } from "../../support/systems.ts";

/** Connects, closes both sides, and tells what was agreed on. */
async function reached(url: string, accepted: Promise<Transport>, options?: TransportOptions) {
  const [client, server] = await Promise.all([connectTransport(url, options), accepted]);
  const closed = [Recording.of(client).ended, Recording.of(server).ended];
  client.close();
  await Promise.all(closed);
  return [client.info.kind, client.serializer.name, server.serializer.name];
}

async function serving(
  options: { readonly unix?: string },
  body: (url: string, next: () => Promise<Transport>) => Promise<void>,
) {
  let arrived = Promise.withResolvers<Transport>();
  await using server = serve({
    ...(options.unix === undefined ? { port: 0, hostname: "127.0.0.1" } : options),
    path: "/ws",
    origins: "any",
    onListen: () => {},
    ...webSocketReceiver({ serializers: SERIALIZERS, attach: (transport) => arrived.resolve(transport) }),
  });
  await body(server.url, () => {
    arrived = Promise.withResolvers();
    return arrived.promise;
  });
}

Deno.test("connectTransport takes WebSocket for ws:, ours or the platform's", async () => {
  await serving({}, async (url, next) => {
    assertEquals(await reached(url, next()), ["websocket", "cbor", "cbor"]);
    assertEquals(await reached(url, next(), { transport: "web" }), ["websocket", "cbor", "cbor"]);
    const serializers = ["json", "json", "cbor.batched"] as const;
    assertEquals(await reached(url, next(), { serializers }), ["websocket", "json", "json"]);
    const host = new URL(url);
    const dial = () => Deno.connect({ hostname: host.hostname, port: Number(host.port) });
    assertEquals(await reached("ws://elsewhere/ws", next(), { dial }), ["websocket", "cbor", "cbor"]);
  });
});

Deno.test("connectTransport takes WebSocket over a Unix socket for ws+unix:", POSIX, async () => {
  const unix = `${await Deno.makeTempDir()}/socket`;
  await serving({ unix }, async (_, next) => {
    assertEquals(await reached(`ws+unix:${unix}:/ws`, next()), ["websocket", "cbor", "cbor"]);
    await assertRejects(() => connectTransport(`ws+unix:${unix}`), Error, "404");
  });
  await assertRejects(() => connectTransport("ws+unix:"), SyntaxError);
  await assertRejects(() => connectTransport("ws+unix:/s", { proxy: "http://p" }), TypeError, "proxy has no effect");
});

Deno.test("connectTransport takes RawSocket for rs: and unix:", POSIX, async () => {
  const accept = rawSocketAcceptor({ serializers: SERIALIZERS });
  using tcp = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const path = `${await Deno.makeTempDir()}/socket`;
  using unix = Deno.listen({ transport: "unix", path });
  const options: TransportOptions = { serializers: ["cbor.batched", "msgpack"], keepalive: { interval: 10_000 } };
  assertEquals(await reached(`rs://127.0.0.1:${tcp.addr.port}`, tcp.accept().then((conn) => accept(conn)), options), [
    "rawsocket",
    "msgpack",
    "msgpack",
  ]);
  assertEquals(await reached(`unix:${path}`, unix.accept().then((conn) => accept(conn))), [
    "rawsocket",
    "cbor",
    "cbor",
  ]);
});

Deno.test("connectTransport refuses a scheme that it does not know, and options without effect", async () => {
  await assertRejects(
    () => connectTransport("http://host"),
    SyntaxError,
    "ws:, wss:, ws+unix:, rs:, rss:, unix: or local:",
  );
  await assertRejects(
    () => connectTransport("rs://h:1", { proxy: "http://p", headers: {} }),
    TypeError,
    "proxy and headers",
  );
  const web: TransportOptions = { transport: "web", keepalive: false, compression: true };
  await assertRejects(() => connectTransport("ws://h", web), TypeError, "option compression has no effect");
  await assertRejects(() => connectTransport("rs://h:1", { transport: "web" }), TypeError, "transport");
  await assertRejects(() => connectTransport("ws://h", { serializers: [] }), TypeError, "at least one");
  const unknown = { serializers: ["xml"] } as unknown as TransportOptions;
  await assertRejects(() => connectTransport("ws://h", unknown), RangeError, "received xml");
});

Deno.test("local: leads to the router object, in the first serializer that is named", async () => {
  const attached: Transport[] = [];
  const router = { attach: (transport: Transport) => void attached.push(transport) };
  const transport = await connectTransport("local:", { router, serializers: ["json", "cbor"] });
  assertEquals([transport.info.kind, transport.serializer.name, attached.length], ["local", "json", 1]);
  transport.abort();
  await assertRejects(() => connectTransport("local:"), TypeError, "without option router");
  await assertRejects(() => connectTransport("local:", { router, headers: {} }), TypeError, "headers has no effect");
  const signal = AbortSignal.abort(new Error("Enough"));
  await assertRejects(() => connectTransport("local:", { router, signal }), Error, "Enough");
  assertEquals(attached.length, 1);
});
