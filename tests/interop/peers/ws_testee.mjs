// Node's ws as an AutobahnTestsuite testee: ws_testee.mjs server|client --url URL [--agent NAME].
// It is a substitute that proves the harness: ws is known to miss a few cases.

import process from "node:process";
import { parseArgs } from "node:util";
import { WebSocket, WebSocketServer } from "ws";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { url: { type: "string" }, agent: { type: "string", default: "ws" } },
});
const MAX_PAYLOAD = 64 << 20;

function echo(socket) {
  socket.on("error", () => {});
  socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
}

function serve(url) {
  const { hostname, port } = new URL(url);
  const server = new WebSocketServer({
    host: hostname,
    port: Number(port),
    perMessageDeflate: true,
    maxPayload: MAX_PAYLOAD,
  });
  server.on("connection", echo);
  server.on("listening", () => console.log(`Listening on ${url}`));
}

function open(path) {
  const socket = new WebSocket(new URL(path, values.url), { perMessageDeflate: true, maxPayload: MAX_PAYLOAD });
  const closed = new Promise((resolve) => socket.on("close", resolve));
  return { socket, closed };
}

async function caseCount() {
  const { socket, closed } = open("/getCaseCount");
  let count = 0;
  socket.on("message", (data) => count = Number(data.toString()));
  await closed;
  return count;
}

async function runClient() {
  const agent = encodeURIComponent(values.agent);
  const count = await caseCount();
  for (let index = 1; index <= count; index++) {
    const { socket, closed } = open(`/runCase?case=${index}&agent=${agent}`);
    echo(socket);
    await closed;
  }
  const { socket, closed } = open(`/updateReports?agent=${agent}`);
  socket.on("error", () => {});
  await closed;
}

if (positionals[0] === "server") serve(values.url);
else if (positionals[0] === "client") await runClient();
else {
  console.error("Usage: ws_testee.mjs server|client --url URL [--agent NAME]");
  process.exit(2);
}
