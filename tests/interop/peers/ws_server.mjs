// An interoperability server on Node's ws; README.md describes the paths.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { parseArgs } from "node:util";
import { WebSocketServer } from "ws";

const { values } = parseArgs({
  options: {
    deflate: { type: "string", default: "off" },
    cert: { type: "string" },
    key: { type: "string" },
    unix: { type: "string" },
  },
});

const DEFLATE = {
  off: false,
  stateless: { threshold: 0, serverNoContextTakeover: true, clientNoContextTakeover: true },
  context: { threshold: 0 },
};

const records = new Map();

/** Resolves with how the connection of that id was closed. */
function record(id) {
  if (!records.has(id)) records.set(id, Promise.withResolvers?.() ?? deferred());
  return records.get(id);
}

function deferred() {
  let resolve;
  const promise = new Promise((settle) => resolve = settle);
  return { promise, resolve };
}

function echo(socket) {
  socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
}

function ping(socket) {
  socket.on("pong", (data) => socket.send(data.toString()));
  socket.ping("are you there");
}

function sendFragments(socket) {
  ["frag", "ment", "ed"].forEach((part, i) => socket.send(part, { fin: i === 2 }));
  [1, 2, 3].forEach((byte, i) => socket.send(Uint8Array.of(byte), { fin: i === 2, binary: true }));
}

function countBytes(socket, tcp) {
  let [read, written] = [tcp.bytesRead, tcp.bytesWritten];
  socket.on("message", (data, isBinary) => {
    const received = tcp.bytesRead - read;
    socket.send(data, { binary: isBinary }, () => {
      socket.send(JSON.stringify({ received, sent: tcp.bytesWritten - written }));
      [read, written] = [tcp.bytesRead, tcp.bytesWritten];
    });
  });
}

function onConnection(socket, request) {
  const { pathname, searchParams } = new URL(request.url, "ws://localhost");
  const id = searchParams.get("id");
  socket.on("error", () => {});
  if (pathname === "/echo") echo(socket);
  else if (pathname === "/ping") ping(socket);
  else if (pathname === "/fragments") sendFragments(socket);
  else if (pathname === "/close") socket.close(4001, "bye from the server");
  else if (pathname === "/record") {
    echo(socket);
    socket.on("close", (code, reason) => record(id).resolve({ code, reason: reason.toString() }));
  } else if (pathname === "/recorded") record(id).promise.then((info) => socket.send(JSON.stringify(info)));
  else if (pathname === "/headers") socket.send(request.headers["x-client"] ?? "");
  else if (pathname === "/wire") countBytes(socket, request.socket);
  else socket.close(4004, "unknown path");
}

const tls = values.cert !== undefined;
const server = tls
  ? createTlsServer({ cert: readFileSync(values.cert), key: readFileSync(values.key) })
  : createServer();
const sockets = new WebSocketServer({
  noServer: true,
  perMessageDeflate: DEFLATE[values.deflate],
  handleProtocols: (offered) => offered.has("chat.v2") ? "chat.v2" : false,
});
sockets.on("headers", (headers) => headers.push("X-Server: interop"));
sockets.on("connection", onConnection);
server.on("upgrade", (request, socket, head) => {
  if (request.url !== "/refuse") {
    sockets.handleUpgrade(request, socket, head, (connection) => sockets.emit("connection", connection, request));
    return;
  }
  socket.end(
    "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 8\r\nConnection: close\r\n\r\nno entry",
  );
});
const where = values.unix === undefined ? { host: "127.0.0.1", port: 0 } : { path: values.unix };
server.listen(where, () => {
  const { port } = server.address();
  console.log(
    `listening ${values.unix === undefined ? `${tls ? "wss" : "ws"}://127.0.0.1:${port}` : "ws://localhost"}`,
  );
});
