// An echo server on ws, for Node. Prints its address when it is ready.
// Arguments: the folder that holds node_modules, and --deflate for permessage-deflate with threshold 0.
import { createRequire } from "node:module";
import process from "node:process";

const [folder, flag] = process.argv.slice(2);
const { WebSocketServer } = createRequire(`${folder}/`)("ws");
const perMessageDeflate = flag === "--deflate" ? { threshold: 0 } : false;
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate });
server.on("connection", (socket) => {
  socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
});
server.on("listening", () => console.log(`ws://127.0.0.1:${server.address().port}`));
