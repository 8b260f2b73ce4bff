/**
 * Opens idle WebSocket connections, or joins idle WAMP sessions, and holds them until its standard input ends.
 * Arguments: the port, the count, and `session` for sessions. Prints a line when all are open.
 *
 * @module
 */

import { encodeClientFrame, firstByteOf } from "./frames.ts";
import { openWebSocket } from "./load_connection.ts";
import { closeSocket, POLL_IN, PollSet, receiveNow, sendNow } from "./sockets.ts";

const JOIN_TIMEOUT = 10_000;
const HELLO = encodeClientFrame(
  firstByteOf(true, false),
  new TextEncoder().encode(
    '[1,"realm1",{"roles":{"caller":{},"callee":{},"publisher":{},"subscriber":{}}}]',
  ),
  0x1234567,
);

function joinSession(port: number): number {
  const socket = openWebSocket(port, { path: "/ws", subprotocol: "wamp.2.json" });
  sendNow(socket, HELLO as Uint8Array<ArrayBuffer>);
  const polls = new PollSet([socket]);
  polls.want(0, POLL_IN);
  if (polls.wait(JOIN_TIMEOUT) === 0) throw new Error("Router does not answer HELLO");
  const buffer = new Uint8Array(4096);
  const answer = new TextDecoder("latin1").decode(buffer.subarray(0, Math.max(receiveNow(socket, buffer), 0)));
  if (!answer.includes("[2,")) throw new Error(`Router did not answer HELLO with WELCOME, but: ${answer}`);
  return socket;
}

const [port, count] = Deno.args.map(Number);
if (port === undefined || count === undefined) throw new TypeError("Usage: idle_clients.ts PORT COUNT [session]");
const open = Deno.args[2] === "session" ? joinSession : openWebSocket;
const sockets = Array.from({ length: count }, () => open(port));
console.log("open");
await Deno.stdin.read(new Uint8Array(1));
for (const socket of sockets) closeSocket(socket);
