/**
 * A router that answers canned bytes, for the ceiling of foreign clients in JSON: it looks for the ids it has to copy
 * and for nothing else. It keeps one callee and one caller, a topic's subscribers, and checks no message.
 *
 * @module
 */

import { serve, type WebSocketConnection } from "@viaduct/viaduct/websocket";

const REALM = { roles: { broker: { features: {} }, dealer: { features: { progressive_call_results: true } } } };
const encoder = new TextEncoder();
const decoder = new TextDecoder();

let callee: WebSocketConnection | undefined;
let caller: WebSocketConnection | undefined;
let nextId = 1;
const subscribers = new Map<string, Set<WebSocketConnection>>();

function send(ws: WebSocketConnection | undefined, text: string): void {
  ws?.send(encoder.encode(text), { text: true });
}

/** What follows the second number of a message's head: `[48,7,{},"uri"` and then `,[1,"..."]]`. */
function tailAfter(text: string, mark: string): string {
  const at = text.indexOf(mark, 4);
  return text.slice(at + mark.length);
}

function idOf(text: string): number {
  return parseInt(text.slice(text.indexOf(",") + 1));
}

const HANDLERS: Readonly<Record<number, (ws: WebSocketConnection, text: string) => void>> = {
  1: (ws) => send(ws, `[2,${nextId++},${JSON.stringify(REALM)}]`),
  6: (ws) => send(ws, `[6,{},"wamp.close.goodbye_and_out"]`),
  64: (ws, text) => {
    callee = ws;
    send(ws, `[65,${idOf(text)},1]`);
  },
  32: (ws, text) => {
    const topic = JSON.parse(text)[3];
    const id = topic.endsWith("credit") ? 2 : 1;
    subscribers.set(topic, (subscribers.get(topic) ?? new Set()).add(ws));
    send(ws, `[33,${idOf(text)},${id}]`);
  },
  48: (ws, text) => {
    caller = ws;
    send(callee, `[68,${idOf(text)},1,{}${tailAfter(text, '.first"')}`);
  },
  70: (_ws, text) => send(caller, `[50,${idOf(text)},{}${tailAfter(text, "{}")}`),
  16: (ws, text) => {
    const isCredit = text.includes('.credit"');
    const topic = `com.example.bench.${isCredit ? "credit" : "tick"}`;
    const event = encoder.encode(
      `[36,${isCredit ? 2 : 1},${nextId++},{}${tailAfter(text, isCredit ? '.credit"' : '.tick"')}`,
    );
    for (const receiver of subscribers.get(topic) ?? []) {
      if (receiver !== ws) receiver.send(event, { text: true });
    }
  },
};

const server = serve({
  hostname: "127.0.0.1",
  port: 0,
  compression: false,
  upgrade: () => ({ subprotocol: "wamp.2.json" }),
  message(ws, bytes) {
    const text = decoder.decode(bytes);
    HANDLERS[parseInt(text.slice(1))]?.(ws, text);
  },
  close(ws) {
    for (const receivers of subscribers.values()) receivers.delete(ws);
  },
});
console.log(server.url);
