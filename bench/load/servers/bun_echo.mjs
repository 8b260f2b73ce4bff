// An echo server on Bun's own WebSocket (uWebSockets). Prints its address when it is ready.
const server = globalThis.Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch: (request, server) => server.upgrade(request) ? undefined : new Response("Upgrade Required", { status: 426 }),
  websocket: { message: (socket, message) => void socket.send(message) },
});
console.log(`ws://127.0.0.1:${server.port}`);
