// What docs/comparison.md says of ws: ws.mjs PACKAGE_JSON, a file beside ws' node_modules. A line of JSON for each claim.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createRequire } from "node:module";

const require = createRequire(process.argv[2]);
const { WebSocket, WebSocketServer } = require("ws");
const manifest = require("ws/package.json");

/** Runs something with a server that echoes, and a client that is connected to it. */
async function connected(use, options = {}) {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  server.on(
    "connection",
    (socket) => socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary })),
  );
  const client = new WebSocket(`ws://127.0.0.1:${server.address().port}`, options);
  client.on("error", () => {});
  await once(client, "open");
  try {
    await use(client, server);
  } finally {
    client.terminate();
    server.close();
  }
}

const CLAIMS = {
  "needs no other package": () => assert.equal(manifest.dependencies, undefined),
  "throws in a browser": () => {
    assert.equal(manifest.browser, "browser.js");
    assert.throws(require(require.resolve("ws/package.json").replace("package.json", "browser.js")), /browser/);
  },
  "lets pages of other origins in": () =>
    connected((client) => assert.equal(client.readyState, WebSocket.OPEN), { origin: "https://elsewhere.example" }),
  "takes messages of 100 MiB unless told otherwise": () =>
    connected((client, server) => {
      assert.equal(server.options.maxPayload, 100 * 1024 * 1024);
      assert.equal(client._receiver._maxPayload, 100 * 1024 * 1024);
    }),
  "calls back when a message is written": () =>
    connected((client) => new Promise((resolve) => assert.equal(client.send("x", resolve), undefined))),
  "pauses receiving": () =>
    connected(async (client) => {
      let count = 0;
      client.on("message", () => count++);
      client.pause();
      client.send("x");
      await new Promise((resolve) => setTimeout(resolve, 200));
      assert.equal(count, 0);
      client.resume();
      await once(client, "message");
      assert.equal(count, 1);
    }),
  "sends a message in parts, and gives it whole": () =>
    connected(async (client) => {
      client.send("a", { fin: false });
      client.send("b", { fin: true });
      const [data] = await once(client, "message");
      assert.equal(data.toString(), "ab");
    }),
  "answers pings, and pings where a program does": () =>
    connected(async (client) => {
      client.ping("there?");
      const [data] = await once(client, "pong");
      assert.equal(data.toString(), "there?");
    }),
  "stays closed when the server goes": () =>
    connected(async (client, server) => {
      let connections = 0;
      server.on("connection", () => connections++);
      for (const socket of server.clients) socket.terminate();
      await once(client, "close");
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      assert.equal(client.readyState, WebSocket.CLOSED);
      assert.equal(connections, 0);
    }),
};

for (const [check, run] of Object.entries(CLAIMS)) {
  try {
    await run();
    console.log(JSON.stringify({ check }));
  } catch (error) {
    console.log(JSON.stringify({ check, error: error.message }));
  }
}
process.exit();
