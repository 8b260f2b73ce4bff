/** An interoperability server on the platform's `Deno.upgradeWebSocket`; README.md describes the paths. */

interface CloseRecord {
  readonly code: number;
  readonly reason: string;
}

const records = new Map<string, PromiseWithResolvers<CloseRecord>>();

function record(id: string): PromiseWithResolvers<CloseRecord> {
  let entry = records.get(id);
  if (entry === undefined) records.set(id, entry = Promise.withResolvers());
  return entry;
}

function echo(socket: WebSocket): void {
  socket.addEventListener("message", ({ data }) => socket.send(data));
}

function handle(socket: WebSocket, url: string, sent: string): void {
  const { pathname, searchParams } = new URL(url);
  const id = searchParams.get("id") ?? "";
  const opened = (act: () => void): void => socket.addEventListener("open", act, { once: true });
  if (pathname === "/echo") echo(socket);
  else if (pathname === "/close") opened(() => socket.close(4001, "bye from the server"));
  else if (pathname === "/record") {
    echo(socket);
    socket.addEventListener("close", ({ code, reason }) => record(id).resolve({ code, reason }));
  } else if (pathname === "/recorded") {
    opened(() => record(id).promise.then((info) => socket.send(JSON.stringify(info))));
  } else if (pathname === "/headers") opened(() => socket.send(sent));
  else opened(() => socket.close(4004, "unknown path"));
}

function upgrade(request: Request): Response {
  if (new URL(request.url).pathname === "/refuse") {
    return new Response("no entry", { status: 401, headers: { "www-authenticate": "Basic" } });
  }
  const offered = (request.headers.get("sec-websocket-protocol") ?? "").split(/, */);
  const options = offered.includes("chat.v2") ? { protocol: "chat.v2" } : {};
  // The request's fields cannot be read any more once it is upgraded.
  const [url, sent] = [request.url, request.headers.get("x-client") ?? ""];
  const { socket, response } = Deno.upgradeWebSocket(request, options);
  socket.binaryType = "arraybuffer";
  response.headers.set("x-server", "interop");
  handle(socket, url, sent);
  return response;
}

Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => console.log(`listening ws://127.0.0.1:${port}`),
}, upgrade);
