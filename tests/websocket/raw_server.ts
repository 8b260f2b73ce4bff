/**
 * A TCP server that answers with whatever bytes a test wants, to show a client what servers do wrong.
 *
 * @module
 */

import { acceptKey } from "../../websocket/handshake.ts";
import { concat } from "../std.ts";

const encoder = new TextEncoder();

/** Encodes text whose characters stand for bytes. */
export function latin1(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** An unmasked frame, as a server sends it. */
export function serverFrame(opcode: number, payload: string | Uint8Array): Uint8Array {
  const bytes = typeof payload === "string" ? encoder.encode(payload) : payload;
  if (bytes.length > 125) throw new RangeError("Test frames are short");
  return concat([Uint8Array.of(0x80 | opcode, bytes.length), bytes]);
}

/** The server's end of one connection. */
export class RawPeer {
  /** The socket. */
  readonly conn: Deno.Conn;
  /** The head of the request that was read last. */
  head = "";

  /** Takes a socket over. */
  constructor(conn: Deno.Conn) {
    this.conn = conn;
  }

  /** Reads as far as the empty line and returns the head. */
  async readHead(): Promise<string> {
    this.head = "";
    const byte = new Uint8Array(1);
    while (!this.head.endsWith("\r\n\r\n")) {
      if (await this.conn.read(byte) === null) throw new Error(`Client went away behind ${JSON.stringify(this.head)}`);
      this.head += String.fromCharCode(byte[0]!);
    }
    return this.head;
  }

  /** The value of a field in the head. */
  field(name: string): string | undefined {
    return new RegExp(`^${name}: *(.*?)\r$`, "im").exec(this.head)?.[1];
  }

  /** Reads exactly so many bytes. */
  async read(length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length;) {
      const read = await this.conn.read(bytes.subarray(at));
      if (read === null) throw new Error(`Client went away after ${at} of ${length} bytes`);
      at += read;
    }
    return bytes;
  }

  /** Writes text, its characters standing for bytes, or bytes. */
  async write(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === "string" ? latin1(data) : data;
    for (let at = 0; at < bytes.length;) at += await this.conn.write(bytes.subarray(at));
  }

  /** The head that accepts the upgrade, with further lines. */
  acceptance(...lines: string[]): string {
    const accept = `Sec-WebSocket-Accept: ${acceptKey(this.field("sec-websocket-key") ?? "")}`;
    const fields = ["Upgrade: websocket", "Connection: Upgrade", accept, ...lines];
    return `HTTP/1.1 101 Switching Protocols\r\n${fields.join("\r\n")}\r\n\r\n`;
  }

  /** Reads until the client has closed its side, or the connection. */
  async untilClosed(): Promise<void> {
    const buffer = new Uint8Array(1024);
    try {
      while (await this.conn.read(buffer) !== null);
    } catch {
      // Reset: closed all the same.
    }
  }
}

/** A server of {@linkcode rawServer}. */
export interface RawServer extends AsyncDisposable {
  /** Its port. */
  readonly port: number;
  /** Its URL, `ws:`. */
  readonly url: string;
  /** How many connections it has accepted. */
  readonly accepted: number;
}

/** Listens on the loopback address and hands each connection to a script; the socket is closed when that returns. */
export function rawServer(script: (peer: RawPeer, index: number) => Promise<void> | void): RawServer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const running = runScripts(listener, script);
  let accepted = 0;
  async function runScripts(listener: Deno.Listener, script: RawScript): Promise<void> {
    const scripts: Promise<void>[] = [];
    try {
      for await (const conn of listener) scripts.push(runScript(conn, script, accepted++));
    } finally {
      await Promise.all(scripts);
    }
  }
  const { port } = listener.addr as Deno.NetAddr;
  return {
    port,
    url: `ws://127.0.0.1:${port}/`,
    get accepted() {
      return accepted;
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      await running;
    },
  };
}

type RawScript = (peer: RawPeer, index: number) => Promise<void> | void;

async function runScript(conn: Deno.Conn, script: RawScript, index: number): Promise<void> {
  try {
    await script(new RawPeer(conn), index);
  } finally {
    try {
      conn.close();
    } catch {
      // The script, or TLS that it started, has closed it.
    }
  }
}
