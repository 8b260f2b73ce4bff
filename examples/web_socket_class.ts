/**
 * Code written to the web's WebSocket, on Viaduct's transport: the class has the same shape, and takes headers.
 *
 * ```sh
 * deno run --allow-net examples/web_socket_class.ts
 * ```
 *
 * @module
 */

import { serve, WebSocket } from "@viaduct/viaduct";

await using server = serve({
  port: 0,
  hostname: "127.0.0.1",
  subprotocols: ["greeting"],
  message: (ws, bytes, isText) => void ws.send(bytes, { text: isText }),
});

const socket = new WebSocket(server.url, "greeting");
socket.binaryType = "arraybuffer";

socket.addEventListener("open", () => {
  console.log(`open: readyState ${socket.readyState}, protocol ${socket.protocol}`);
  socket.send("hello");
  socket.send(new Uint8Array([1, 2, 3]));
});
socket.addEventListener("message", ({ data }) => {
  if (data instanceof ArrayBuffer) {
    console.log(`message: ${new Uint8Array(data).toHex()}`);
    socket.close(1000, "Done");
  } else {
    console.log(`message: ${data}`);
  }
});
socket.addEventListener("error", () => console.log("error"));

const closed = Promise.withResolvers<CloseEvent>();
socket.addEventListener("close", (event) => closed.resolve(event));
const { code, wasClean } = await closed.promise;
console.log(`close: ${code}, wasClean ${wasClean}`);
