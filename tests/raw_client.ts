/**
 * A WebSocket client that writes what a test says, byte for byte, and reads a server's frames by rules of its own: it
 * shares no code with the library, whose promises it checks.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { constants, deflateRawSync } from "node:zlib";
import { assert, assertEquals, concat, decodeBase64 } from "./std.ts";

/** A frame as it stands on the wire. */
export interface RawFrame {
  /** FIN, reserved bits and opcode. */
  readonly first: number;
  /** The payload. */
  readonly payload: Uint8Array;
}

/** How {@linkcode clientFrame} may break the rules. */
export interface FrameForm {
  /** The masking key as a number, or `false` for an unmasked frame. @default {0x37fa213d} */
  readonly mask?: number | false;
  /** The number of bytes of the extended payload length: 0, 2 or 8. @default {the shortest} */
  readonly lengthBytes?: 0 | 2 | 8;
  /** The length that the header claims. @default {that of the payload} */
  readonly declared?: bigint;
}

const utf8 = new TextEncoder();

/** The UTF-8 of a text. */
export function toBytes(data: string | Uint8Array): Uint8Array {
  return typeof data === "string" ? utf8.encode(data) : data;
}

/** Encodes one frame of a client (RFC 6455 §5.2). */
export function clientFrame(first: number, data: string | Uint8Array = "", form: FrameForm = {}): Uint8Array {
  const payload = toBytes(data);
  const { mask = 0x37fa213d, declared = BigInt(payload.length) } = form;
  const { lengthBytes = declared < 126n ? 0 : declared < 65536n ? 2 : 8 } = form;
  const maskBit = mask === false ? 0 : 0x80;
  const short = lengthBytes === 0 ? Number(declared) : lengthBytes === 2 ? 126 : 127;
  const length = Array.from({ length: lengthBytes }, (_, at) => Number(declared >> BigInt(8 * (lengthBytes - 1 - at))));
  const header = Uint8Array.of(first, maskBit | short, ...length);
  if (mask === false) return concat([header, payload]);
  const key = Uint8Array.of(mask >>> 24, mask >>> 16, mask >>> 8, mask);
  return concat([header, key, payload.map((byte, index) => byte ^ key[index & 3]!)]);
}

/** A close frame of a client. */
export function closeFrame(code: number, reason: string | Uint8Array = ""): Uint8Array {
  return clientFrame(0x88, concat([Uint8Array.of(code >> 8, code), toBytes(reason)]));
}

/** Compresses a message by itself (RFC 7692 §7.2.1). */
export function deflated(data: string | Uint8Array): Uint8Array {
  return new Uint8Array(deflateRawSync(toBytes(data), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4));
}

/** The nonce of RFC 6455 §1.3. */
const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const KEY_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** The text of an upgrade request: each extra line stands behind the usual ones, without CRLF. */
export function upgradeRequest(extraLines: readonly string[] = [], target = "/", host = "127.0.0.1"): string {
  return requestText("GET", target, [
    `Host: ${host}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Key: ${KEY}`,
    "Sec-WebSocket-Version: 13",
    ...extraLines,
  ]);
}

/** The text of any request. */
export function requestText(method: string, target: string, lines: readonly string[]): string {
  return [`${method} ${target} HTTP/1.1`, ...lines, "", ""].join("\r\n");
}

/** An answer's head. */
export interface RawHead {
  /** The status code. */
  readonly status: number;
  /** The fields; what stands there twice is joined by commas. */
  readonly headers: Headers;
}

/** An answer with its body, as far as the server's end of the connection. */
export interface RawAnswer extends RawHead {
  /** The body as text. */
  readonly body: string;
}

/** What a socket needs: `Deno.Conn` fits. */
type Socket = Pick<Deno.Conn, "read" | "write" | "close" | "closeWrite">;

/** One socket and what was read of it. */
export class RawClient implements Disposable {
  readonly #socket: Socket;
  #buffer: Uint8Array = new Uint8Array(0);
  #isClosed = false;
  #hasEnded = false;

  /** Takes over a connected socket. */
  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Connects to where a server listens. */
  static async connect(server: { readonly addr: Deno.Addr }): Promise<RawClient> {
    const { addr } = server;
    if (addr.transport === "unix") return new RawClient(await Deno.connect({ transport: "unix", path: addr.path }));
    assert(addr.transport === "tcp");
    const socket = await Deno.connect({ hostname: addr.hostname, port: addr.port });
    socket.setNoDelay();
    return new RawClient(socket);
  }

  /** Connects and shakes hands. */
  static async open(server: { readonly addr: Deno.Addr }, extraLines: readonly string[] = []): Promise<RawClient> {
    const client = await RawClient.connect(server);
    try {
      await client.handshake(extraLines);
    } catch (error) {
      client.close();
      throw error;
    }
    return client;
  }

  /** Sends an upgrade request and reads the answer, which must accept. */
  async handshake(extraLines: readonly string[] = []): Promise<RawHead> {
    await this.write(upgradeRequest(extraLines));
    return await this.readAcceptance();
  }

  /** Reads the head of an answer that accepts. */
  async readAcceptance(): Promise<RawHead> {
    const head = await this.readHead();
    assertEquals(head.status, 101);
    assertEquals(head.headers.get("upgrade")?.toLowerCase(), "websocket");
    assertEquals(head.headers.get("connection")?.toLowerCase(), "upgrade");
    const accept = createHash("sha1").update(KEY + KEY_SUFFIX).digest();
    assertEquals(decodeBase64(head.headers.get("sec-websocket-accept") ?? ""), Uint8Array.from(accept));
    return head;
  }

  /** Writes all of it. */
  async write(data: string | Uint8Array): Promise<void> {
    for (let rest = toBytes(data); rest.length > 0;) rest = rest.subarray(await this.#socket.write(rest));
  }

  /** Writes one byte at a time, each by a call of its own. */
  async trickle(data: string | Uint8Array): Promise<void> {
    for (const byte of toBytes(data)) await this.write(Uint8Array.of(byte));
  }

  /** Writes until the peer refuses to take more: a reset is no failure of the test. */
  async writeAnyway(data: string | Uint8Array): Promise<boolean> {
    try {
      await this.write(data);
      return true;
    } catch {
      return false;
    }
  }

  /** Ends our direction. */
  async closeWrite(): Promise<void> {
    await this.#socket.closeWrite();
  }

  /** Closes the socket; what was not read makes that a reset. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.close();
  }

  /** See {@linkcode RawClient.close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Reads exactly so many bytes; `undefined` where the peer ended before the first. */
  async readBytes(length: number): Promise<Uint8Array | undefined> {
    while (this.#buffer.length < length && await this.#fill());
    if (this.#buffer.length === 0 && length > 0) return undefined;
    assert(this.#buffer.length >= length, `Server ended after ${this.#buffer.length} of ${length} bytes`);
    return this.#take(length);
  }

  /** Reads a head, strictly. */
  async readHead(): Promise<RawHead> {
    let end = -1;
    do {
      end = indexOfBlankLine(this.#buffer);
    } while (end === -1 && await this.#fill());
    assert(end !== -1, `Server ended within its head: ${new TextDecoder().decode(this.#buffer)}`);
    const [statusLine = "", ...lines] = new TextDecoder().decode(this.#take(end + 4)).slice(0, -4).split("\r\n");
    const [, status] = /^HTTP\/1\.1 ([1-9][0-9]{2}) [\x20-\x7e]*$/.exec(statusLine) ?? [];
    assert(status !== undefined, `Status line: ${statusLine}`);
    const headers = new Headers();
    for (const line of lines) {
      const [, name, value] = /^([!#-'*+.^_`|~\w-]+): ([\x20-\x7e]*)$/.exec(line) ?? [];
      assert(name !== undefined && value !== undefined, `Header line: ${line}`);
      headers.append(name, value);
    }
    return { status: Number(status), headers };
  }

  /** Reads a whole answer, up to the end of the connection. */
  async readAnswer(): Promise<RawAnswer> {
    const head = await this.readHead();
    const body = new TextDecoder("utf-8", { fatal: true }).decode(await this.readRest());
    const length = head.headers.get("content-length");
    if (length !== null && body !== "") assertEquals(utf8.encode(body).length, Number(length));
    return { ...head, body };
  }

  /** Sends a request and reads the whole answer. */
  async exchange(request: string): Promise<RawAnswer> {
    await this.write(request);
    return await this.readAnswer();
  }

  /** Reads up to the end of the connection. */
  async readRest(): Promise<Uint8Array> {
    while (await this.#fill());
    return this.#take(this.#buffer.length);
  }

  /** Asserts that the server ended the connection and sent nothing more. */
  async expectEnd(): Promise<void> {
    assertEquals(await this.readRest(), new Uint8Array(0));
  }

  /** Reads one frame of a server, strictly (RFC 6455 §5); `undefined` at the end of the connection. */
  async readFrame(): Promise<RawFrame | undefined> {
    const header = await this.readBytes(2);
    if (header === undefined) return undefined;
    const [first = 0, second = 0] = header;
    assertEquals(first & 0x30, 0, "RSV2 and RSV3 must be clear");
    assert([0, 1, 2, 8, 9, 10].includes(first & 0x0f), `Opcode ${first & 0x0f}`);
    assert(second < 0x80, "A server must not mask");
    const length = await this.#readLength(second);
    if ((first & 0x08) !== 0) {
      assertEquals(first & 0xc0, 0x80, "A control frame must be whole and not compressed");
      assert(length <= 125, `Control frame of ${length} bytes`);
    }
    const payload = await this.readBytes(length);
    assert(payload !== undefined);
    return { first, payload };
  }

  /** Reads one frame and asserts what it is. */
  async expectFrame(first: number, payload: string | Uint8Array): Promise<void> {
    const frame = await this.readFrame();
    assertEquals(frame, { first, payload: toBytes(payload) });
  }

  /** Skips to the server's close frame, asserts its status code, and gives its reason and what was skipped. */
  async expectClose(code: number): Promise<{ readonly reason: string; readonly skipped: RawFrame[] }> {
    const skipped: RawFrame[] = [];
    for (;;) {
      const frame = await this.readFrame();
      assert(frame !== undefined, `Server ended without a close frame after ${skipped.length} frames`);
      if (frame.first !== 0x88) {
        skipped.push(frame);
        continue;
      }
      const { payload } = frame;
      assert(payload.length >= 2, "Close frame has no status code");
      const reason = new TextDecoder("utf-8", { fatal: true }).decode(payload.subarray(2));
      assertEquals((payload[0]! << 8) | payload[1]!, code, reason);
      return { reason, skipped };
    }
  }

  async #readLength(short: number): Promise<number> {
    if (short < 126) return short;
    const bytes = await this.readBytes(short === 126 ? 2 : 8);
    assert(bytes !== undefined);
    const length = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
    assert(length >= (short === 126 ? 126 : 65536), `Length ${length} is not in its shortest form`);
    return length;
  }

  async #fill(): Promise<boolean> {
    if (this.#hasEnded) return false;
    const chunk = new Uint8Array(16 << 10);
    const length = await this.#socket.read(chunk);
    this.#hasEnded = length === null;
    if (length !== null) this.#buffer = concat([this.#buffer, chunk.subarray(0, length)]);
    return length !== null;
  }

  #take(length: number): Uint8Array {
    const taken = this.#buffer.slice(0, length);
    this.#buffer = this.#buffer.subarray(length);
    return taken;
  }
}

function indexOfBlankLine(bytes: Uint8Array): number {
  for (let at = bytes.indexOf(13); at !== -1; at = bytes.indexOf(13, at + 1)) {
    if (bytes[at + 1] === 10 && bytes[at + 2] === 13 && bytes[at + 3] === 10) return at;
  }
  return -1;
}
