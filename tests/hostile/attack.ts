/**
 * What the tests of hostile inputs share: a test that names its row, and the check of a protocol failure.
 *
 * @module
 */

import {
  type CloseInfo,
  ConnectionClosedError,
  ProtocolError,
  type ProtocolErrorCode,
} from "../../websocket/errors.ts";
import { serve, type ServeOptions, type Server } from "../../websocket/server.ts";
import type { WebSocketConnection } from "../../websocket/web_socket_connection.ts";
import { clientFrame, RawClient, toBytes } from "../raw_client.ts";
import { assert, assertEquals, assertInstanceOf, concat } from "../std.ts";
import { assertEchoes, LOCAL } from "../websocket/serving.ts";
import type { RowName } from "./rows.ts";

/** Registers a test about a row. */
export function hostile(row: RowName, rule: string, body: () => Promise<void>): void {
  Deno.test(`${row}: ${rule}`, body);
}

/** How an application takes messages. */
export type Form = "handler" | "iteration";

/** A server whose application notes and echoes what it gets. */
export class Victim implements AsyncDisposable {
  /** The server. */
  readonly server: Server;
  /** What the application got on all connections, in order. */
  readonly received: (string | Uint8Array)[] = [];
  readonly #ended: Promise<CloseInfo>;
  /** How iteration ended on the first connection, `undefined` without an error. */
  iterationError: unknown;

  /** Starts it; a `fragment` handler among the options takes the place of `message`. */
  constructor(how: Form, options: ServeOptions = {}) {
    const ended = Promise.withResolvers<CloseInfo>();
    this.#ended = ended.promise;
    const close = (_ws: WebSocketConnection, info: CloseInfo): void => ended.resolve(info);
    const message = (ws: WebSocketConnection, data: Uint8Array, isText: boolean): void => this.#take(ws, data, isText);
    const form = options.fragment === undefined && how === "handler" ? { message } : {};
    const session = how === "iteration" ? (ws: WebSocketConnection) => this.#iterate(ws) : undefined;
    this.server = serve({ ...LOCAL, close, ...form, ...options }, session);
  }

  /** How the first connection ended. */
  get ended(): Promise<CloseInfo> {
    return this.#ended;
  }

  #take(ws: WebSocketConnection, data: Uint8Array, isText: boolean): void {
    this.received.push(isText ? new TextDecoder().decode(data) : data.slice());
    void ws.send(data, { text: isText });
  }

  async #iterate(ws: WebSocketConnection): Promise<void> {
    try {
      for await (const message of ws) {
        this.received.push(message);
        void ws.send(message);
      }
    } catch (error) {
      this.iterationError ??= error;
    }
  }

  /** See `AsyncDisposable`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.shutdown();
  }
}

/** Bytes that must fail a connection, and how. */
export interface Attack {
  /** What they are, for the test's name. */
  readonly what: string;
  /** The bytes, behind a whole message. */
  readonly bytes: readonly Uint8Array[];
  /** The close status. */
  readonly code: number;
  /** The rule. */
  readonly error: ProtocolErrorCode;
  /** The extensions to offer. */
  readonly extensions?: string;
  /** What the server is told. */
  readonly options?: ServeOptions;
}

/** Attacks up to this length are also sent one byte at a time. */
const TRICKLE = 400;

/** Registers the tests of one attack: both forms, in one piece and byte by byte. */
export function hostileAttack(row: RowName, attack: Attack): void {
  const bytes = concat([clientFrame(0x81, "before"), ...attack.bytes]);
  for (const form of ["handler", "iteration"] as const) {
    hostile(row, `${attack.what} (${form})`, () => assertFails(form, attack, (client) => client.writeAnyway(bytes)));
    if (bytes.length > TRICKLE) continue;
    hostile(row, `${attack.what}, byte by byte (${form})`, () =>
      assertFails(form, attack, async (client) => {
        for (const byte of bytes) if (!await client.writeAnyway(Uint8Array.of(byte))) break;
      }));
  }
}

async function assertFails(
  form: Form,
  attack: Attack,
  send: (client: RawClient) => Promise<unknown>,
): Promise<void> {
  await using victim = new Victim(form, attack.options);
  using client = await RawClient.open(
    victim.server,
    attack.extensions === undefined ? [] : [`Sec-WebSocket-Extensions: ${attack.extensions}`],
  );
  await send(client);
  const { reason, skipped } = await client.expectClose(attack.code);
  assert(reason !== "");
  assert(skipped.every((frame) => frame.first === 0x8a || new TextDecoder().decode(frame.payload) === "before"));
  await client.expectEnd();
  client.close();
  await assertFailed(victim, attack, form);
  await assertEchoes(victim.server);
}

async function assertFailed(victim: Victim, attack: Attack, form: Form): Promise<void> {
  const { code, wasClean, error } = await victim.ended;
  assertEquals([code, wasClean], [1006, false]);
  assertInstanceOf(error, ProtocolError);
  assertEquals([error.code, error.closeCode], [attack.error, attack.code]);
  assertEquals(victim.received, ["before"]);
  if (form === "handler") return;
  assertInstanceOf(victim.iterationError, ConnectionClosedError);
  assertEquals(victim.iterationError.cause, error);
}

/** Sends messages on a new connection and asserts that the application gets and echoes exactly these texts. */
export async function assertTaken(
  frames: readonly Uint8Array[],
  texts: readonly string[],
  extensions: string,
  options: ServeOptions,
): Promise<void> {
  for (const form of ["handler", "iteration"] as const) {
    await using victim = new Victim(form, {
      ...options,
      compression: { ...Object(options.compression), threshold: 1e9 },
    });
    using client = await RawClient.connect(victim.server);
    const head = await client.handshake([`Sec-WebSocket-Extensions: ${extensions}`]);
    assert(head.headers.has("sec-websocket-extensions"));
    for (const frame of frames) await client.write(frame);
    for (const text of texts) await client.expectFrame(0x81, toBytes(text));
    assertEquals(victim.received, [...texts]);
  }
}
