import { createServer } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { connect, HandshakeError } from "@viaduct/viaduct";
import { join, JoinError, type Session } from "@viaduct/viaduct/wamp";
import { anonymous, certificate } from "@viaduct/viaduct/wamp/auth";
import { join as joinPath } from "node:path";
import { addressOf, startForwardProxy } from "../../examples/tls_proxy/forward_proxy.ts";
import { startRouter } from "../../examples/tls_proxy/router.ts";
import { startTlsProxy } from "../../examples/tls_proxy/tls_proxy.ts";
import { assertEquals, assertInstanceOf, assertRejects } from "../std.ts";
import { createTlsFixture, type KeyPair, TestAuthority } from "../tls_fixture.ts";
import { interrupt, LIMIT, runExample, startExample } from "./example.ts";

const TLS = createTlsFixture();
const TOKEN = "a token for the test";

async function withFiles(use: (path: (name: string) => string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const { caCert, server, client } = TLS;
    const files = {
      ...{ "ca.pem": caCert, "server.pem": server.cert, "server.key": server.key },
      ...{ "alice.pem": client.cert, "alice.key": client.key },
    };
    for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(joinPath(folder, name), text);
    await use((name) => joinPath(folder, name));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A server behind the proxy, and the proxy before it. */
async function withProxy(router: string, use: (url: string) => Promise<void>): Promise<void> {
  const { cert, key } = TLS.server;
  const target = { router: new URL(router), token: TOKEN };
  const proxy = await startTlsProxy({ hostname: "127.0.0.1", port: 0, cert, key, ca: TLS.caCert, ...target });
  try {
    await use(`wss://127.0.0.1:${proxy.port}/ws`);
  } finally {
    await proxy.stop();
  }
}

async function withRouter(use: (url: string) => Promise<void>): Promise<void> {
  const { router, server } = await startRouter({ port: 0, token: TOKEN });
  try {
    await use(server.url);
  } finally {
    await server.shutdown();
    await router.shutdown();
  }
}

const joinAs = (url: string, { cert, key }: KeyPair, auth = [certificate()]): Promise<Session> =>
  join(url, { realm: "realm1", auth, tls: { caCerts: [TLS.caCert], cert, key } });

Deno.test("tls_proxy lets in by certificate through both proxies, and believes nobody else", async () => {
  await withFiles(async (path) => {
    const { code, lines } = await runExample("tls_proxy/main.ts", [
      ...["--cert", path("server.pem"), "--key", path("server.key"), "--ca", path("ca.pem")],
      ...["--client-cert", path("alice.pem"), "--client-key", path("alice.key")],
    ]);
    assertEquals(lines.map((line) => line.replace(/(?<=127\.0\.0\.1:)\d+/, "PORT")), [
      "a guest: Hello, guest: guest by anonymous, from 127.0.0.1",
      "alice, by her certificate: Hello, alice: user by tls, from 127.0.0.1",
      "  forward proxy: CONNECT 127.0.0.1:PORT: 200",
      "alice, through the forward proxy: Hello, alice: user by tls, from 127.0.0.1",
      "  forward proxy: CONNECT 127.0.0.1:PORT: 407",
      "with a wrong password for the forward proxy: Proxy must answer CONNECT with status 2xx, received 407",
      "  forward proxy: CONNECT 127.0.0.1:PORT: 403",
      "through the forward proxy to the router: Proxy must answer CONNECT with status 2xx, received 403",
      "a page of the proxy's own host: Hello, guest: guest by anonymous, from 127.0.0.1",
      "a page of https://app.example: Hello, guest: guest by anonymous, from 127.0.0.1",
      "a page of https://evil.example: Server must answer with status 101, received 403",
      "a guest who says to be alice: Hello, guest: guest by anonymous, from 127.0.0.1",
      "around the proxy, saying to be alice: wamp.error.no_matching_auth_method",
    ]);
    assertEquals(code, 0);
  });
});

Deno.test("tls_proxy/router.ts and client.ts run by themselves", async () => {
  const router = await startExample("tls_proxy/router.ts", ["0"], () => {}, { PROXY_TOKEN: TOKEN });
  try {
    const [, url = ""] = await router.line(/^Router at (ws:\S+),/, LIMIT);
    await withProxy(url, async (url) => {
      await withFiles(async (path) => {
        const args = ["--url", url, "--ca", path("ca.pem")];
        const own = ["--cert", path("alice.pem"), "--key", path("alice.key")];
        const origin = ["--origin", "https://app.example"];
        assertEquals(await runExample("tls_proxy/client.ts", args), {
          code: 0,
          lines: ["Hello, guest: guest by anonymous, from 127.0.0.1"],
        });
        assertEquals(await runExample("tls_proxy/client.ts", [...args, ...own, ...origin]), {
          code: 0,
          lines: ["Hello, alice: user by tls, from 127.0.0.1"],
        });
      });
    });
    assertEquals(await interrupt(router), 0);
  } finally {
    await router.stop();
  }
});

Deno.test("tls_proxy/router.ts wants a token that cannot be guessed", async () => {
  const { code, lines } = await runExample("tls_proxy/router.ts", ["0"], { PROXY_TOKEN: "short" });
  assertEquals([code, lines.some((line) => line.includes("at least 16 characters"))], [1, true]);
});

Deno.test("the TLS proxy takes no certificate of another authority", async () => {
  const mallory = new TestAuthority("Viaduct test authority").issue({ commonName: "alice" });
  await withRouter(async (router) => {
    await withProxy(router, async (url) => {
      const error = await assertRejects(() => joinAs(url, mallory));
      assertInstanceOf(error, JoinError);
      assertEquals(error.reason, "wamp.error.no_matching_auth_method");
      const alice = await joinAs(url, TLS.client);
      assertEquals([alice.authid, alice.authrole, alice.authprovider], ["alice", "user", "proxy"]);
      await alice.leave();
    });
  });
});

Deno.test("the TLS proxy takes who has a name that fits into no field for a guest", async () => {
  const odd = TLS.authority.issue({ commonName: "\u674e" });
  await withRouter(async (router) => {
    await withProxy(router, async (url) => {
      const guest = await joinAs(url, odd, [certificate(), anonymous()]);
      assertEquals(guest.authrole, "guest");
      await guest.leave();
    });
  });
});

Deno.test("tls_proxy/router.ts takes who has an empty name for a guest, as a proxy may put it", async () => {
  await withRouter(async (router) => {
    const headers = { "x-proxy-token": TOKEN, "x-forwarded-for": "10.0.0.1", "x-client-name": "" };
    const guest = await join(router, { realm: "realm1", auth: [certificate(), anonymous()], headers });
    assertEquals([guest.authrole, guest.authid?.slice(0, 6)], ["guest", "guest-"]);
    await guest.leave();
  });
});

Deno.test("large messages go through the TLS proxy whole, and a session ends cleanly on both sides", async () => {
  await withRouter(async (router) => {
    await withProxy(router, async (url) => {
      const callee = await joinAs(url, TLS.client);
      await callee.register("com.example.echo", ({ args }) => args[0]);
      const caller = await joinAs(url, TLS.client);
      const bytes = Uint8Array.from({ length: 3_000_001 }, (_, index) => index * index);
      assertEquals(await caller.call("com.example.echo", [bytes]), bytes);
      for (const session of [caller, callee]) assertEquals((await session.leave()).wasClean, true);
    });
  });
});

Deno.test("the TLS proxy replaces what the client says of itself, and leaves the rest as it is", async () => {
  const seen: unknown[] = [];
  const backend = createServer((request, response) => {
    const { "x-forwarded-for": address, "x-client-name": name, "x-proxy-token": token, ...headers } = request.headers;
    seen.push({ url: request.url, address, name, token, others: headers.forwarded ?? headers["x-forwarded-proto"] });
    response.writeHead(404, { "x-own": "yes" }).end("nothing here");
  });
  await new Promise<void>((resolve) => backend.listen(0, "127.0.0.1", resolve));
  const { port } = backend.address() as AddressInfo;
  try {
    await withProxy(`http://127.0.0.1:${port}`, async (url) => {
      const headers = {
        ...{ "x-forwarded-for": "10.0.0.1", "x-client-name": "root", "x-proxy-token": "guess" },
        ...{ forwarded: "for=10.0.0.1", "x-forwarded-proto": "gopher" },
      };
      using client = Deno.createHttpClient({ caCerts: [TLS.caCert] });
      const response = await fetch(`${url.replace(/^wss/, "https")}?a=b`, { headers, client });
      assertEquals([response.status, response.headers.get("x-own"), await response.text()], [
        404,
        "yes",
        "nothing here",
      ]);

      const error = await assertRejects(() => connect(url, { headers, tls: { caCerts: [TLS.caCert] } }));
      assertInstanceOf(error, HandshakeError);
      assertEquals([error.status, error.body, error.headers.get("x-own")], [404, "nothing here", "yes"]);

      const own = { address: "127.0.0.1", name: undefined, token: TOKEN, others: undefined };
      assertEquals(seen, [{ url: "/ws?a=b", ...own }, { url: "/ws", ...own }]);
    });
  } finally {
    backend.closeAllConnections();
    await new Promise((resolve) => backend.close(resolve));
  }
});

Deno.test("the TLS proxy answers 502 where there is no router", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await withProxy(`http://127.0.0.1:${port}`, async (url) => {
    const error = await assertRejects(() => connect(url, { tls: { caCerts: [TLS.caCert] } }));
    assertInstanceOf(error, HandshakeError);
    assertEquals(error.status, 502);
  });
});

Deno.test("the TLS proxy ends an answer that its router breaks off, and goes on", async () => {
  const sockets: Socket[] = [];
  const backend = createTcpServer((socket) => {
    sockets.push(socket.on("error", () => {}));
    socket.once("data", () => socket.write("HTTP/1.1 404 Not Found\r\nContent-Length: 100\r\n\r\nshort"));
  });
  await new Promise<void>((resolve) => backend.listen(0, "127.0.0.1", resolve));
  const { port } = backend.address() as AddressInfo;
  try {
    await withProxy(`http://127.0.0.1:${port}`, async (url) => {
      using client = Deno.createHttpClient({ caCerts: [TLS.caCert] });
      // The second request shows that the proxy is still there.
      for (const body of [new Uint8Array(20_000_000), new Uint8Array(1)]) {
        const response = await fetch(url.replace(/^wss/, "https"), { method: "POST", body, client });
        assertEquals(response.status, 404);
        sockets.pop()!.resetAndDestroy();
        await assertRejects(() => response.text());
      }
    });
  } finally {
    await new Promise((resolve) => backend.close(resolve));
  }
});

Deno.test("the forward proxy takes hosts, addresses and all ports", () => {
  const targets = ["router.example:80", "127.0.0.1:8443", "[::1]:443"];
  assertEquals(targets.map(addressOf), [
    { host: "router.example", port: 80 },
    { host: "127.0.0.1", port: 8443 },
    { host: "::1", port: 443 },
  ]);
});

Deno.test("the forward proxy leads to its targets, and says 502 where one is not there", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const answered: unknown[] = [];
  const proxy = await startForwardProxy({
    ...{ hostname: "127.0.0.1", port: 0, user: "user", password: "pass:word", targets: [`127.0.0.1:${port}`] },
    onRequest: (target, status) => answered.push([target, status]),
  });
  try {
    const through = { proxy: `http://user:pass%3Aword@127.0.0.1:${proxy.port}` };
    const error = await assertRejects(() => connect(`ws://127.0.0.1:${port}`, through));
    assertInstanceOf(error, HandshakeError);
    assertEquals([error.status, answered], [502, [[`127.0.0.1:${port}`, 200]]]);
    const response = await fetch(`http://127.0.0.1:${proxy.port}/`);
    assertEquals([response.status, await response.text()], [405, ""]);
  } finally {
    await proxy.stop();
  }
});
