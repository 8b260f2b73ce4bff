/**
 * One client connection of the load generator: a closed loop that keeps its number of messages in flight.
 *
 * @module
 */

import { concat, EchoCounter, verifyEchoes } from "./echo_check.ts";
import { closeSocket, openSocket, POLL_IN, POLL_OUT, PollSet, receiveNow, sendNow } from "./sockets.ts";
import { isFairAnswer, type Traffic, type Workload } from "./workload.ts";

/** The key of RFC 6455 §1.3, and its answer: the generator measures, it need not surprise. */
const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
const HEAD_BUFFER = 4096;
/** Milliseconds a server may take for each part of its answer to the handshake. */
const HANDSHAKE_TIMEOUT = 10_000;

/** How many bytes of answers the full comparison keeps at most. */
const VERIFY_BYTES = 8 * 1024 * 1024;

/** What a handshake asks for. */
export interface HandshakeOffer {
  /** @default {"/"} */
  readonly path?: string;
  readonly subprotocol?: string | undefined;
  /** The extension, as it must be taken. */
  readonly extension?: string | undefined;
}

/** Opens a TCP connection, upgrades it, and checks that the extension was taken as offered; returns the socket. */
export function openWebSocket(port: number, { path = "/", subprotocol, extension }: HandshakeOffer = {}): number {
  const socket = openSocket(port);
  const offer = (extension === undefined ? "" : `Sec-WebSocket-Extensions: ${extension}\r\n`) +
    (subprotocol === undefined ? "" : `Sec-WebSocket-Protocol: ${subprotocol}\r\n`);
  sendNow(
    socket,
    new TextEncoder().encode(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: 13\r\n${offer}\r\n`,
    ),
  );
  const buffer = new Uint8Array(HEAD_BUFFER);
  const polls = new PollSet([socket]);
  polls.want(0, POLL_IN);
  let fill = 0;
  for (;;) {
    if (polls.wait(HANDSHAKE_TIMEOUT) === 0) {
      throw new Error(`Server does not answer the handshake, after ${fill} bytes`);
    }
    const count = receiveNow(socket, buffer.subarray(fill));
    if (count <= 0) throw new Error(`Server closed within the handshake, after ${fill} bytes`);
    fill += count;
    const text = new TextDecoder("latin1").decode(buffer.subarray(0, fill));
    const end = text.indexOf("\r\n\r\n");
    if (end < 0) continue;
    if (end + 4 < fill) throw new Error(`Server sent ${fill - end - 4} bytes before the first message`);
    assertUpgraded(text.slice(0, end), extension);
    return socket;
  }
}

function assertUpgraded(head: string, extensionOffer: string | undefined): void {
  if (!head.startsWith("HTTP/1.1 101 ") || !head.includes(ACCEPT)) throw new Error(`Server refused:\n${head}`);
  const answer = /^sec-websocket-extensions: *(.*)$/im.exec(head)?.[1]?.trim() ?? "";
  if (isFairAnswer(answer, extensionOffer)) return;
  throw new Error(`Server did not take the extension as offered: offered "${extensionOffer}", received "${answer}"`);
}

/** Keeps `inFlight` messages under way: as k echoes have come back, k more go out in one write. */
export class LoadConnection {
  readonly socket: number;
  readonly #workload: Workload;
  readonly #counter: EchoCounter;
  readonly #verifyFrames: number;
  #recorded: Uint8Array[] | undefined = [];
  /** Messages not yet sent of those that should be in flight. */
  #owed: number;
  #place = 0;
  /** What a write left over. */
  #unsent: Uint8Array<ArrayBuffer> | undefined;
  #sentAt = 0;

  constructor(socket: number, workload: Workload, traffic: Traffic) {
    this.socket = socket;
    this.#workload = workload;
    this.#counter = new EchoCounter(workload.expectation);
    this.#owed = traffic.inFlight;
    const wanted = Math.max(2 * workload.ring.length, 2 * traffic.inFlight);
    this.#verifyFrames = Math.max(2, Math.min(wanted, Math.floor(VERIFY_BYTES / traffic.size)));
  }

  /** Echoes that have come back. */
  get echoes(): number {
    return this.#counter.frames;
  }

  /** Whether the first answers have been compared byte by byte. */
  get isVerified(): boolean {
    return this.#recorded === undefined;
  }

  /** When the last write began, in milliseconds of `performance.now()`. */
  get sentAt(): number {
    return this.#sentAt;
  }

  /** What to wait for at the socket, in bits of poll(2). */
  get wanted(): number {
    return this.#unsent === undefined ? POLL_IN : POLL_IN | POLL_OUT;
  }

  /** Reads once; returns how many echoes that completed. Throws when an answer is wrong or the server has closed. */
  receive(buffer: Uint8Array<ArrayBuffer>): number {
    const count = receiveNow(this.socket, buffer);
    if (count <= 0) throw new Error(`Server closed the connection after ${this.echoes} echoes`);
    const bytes = buffer.subarray(0, count);
    const completed = this.#counter.push(bytes);
    this.#owed += completed;
    if (this.#recorded !== undefined) this.#record(this.#recorded, bytes);
    return completed;
  }

  #record(recorded: Uint8Array[], bytes: Uint8Array): void {
    recorded.push(bytes.slice());
    if (this.echoes < this.#verifyFrames) return;
    const compared = verifyEchoes(concat(recorded), this.#workload.expectation);
    if (compared !== this.echoes) throw new Error(`Counted ${this.echoes} echoes, but compared ${compared}`);
    this.#recorded = undefined;
  }

  /** Sends what is owed in one write, or as much as the socket takes. */
  send(): void {
    if (this.#unsent === undefined) {
      if (this.#owed === 0) return;
      this.#sentAt = performance.now();
      const { ring } = this.#workload;
      this.#unsent = ring.run(this.#place, this.#owed);
      this.#place = (this.#place + this.#owed) % ring.length;
      this.#owed = 0;
    }
    const count = Math.max(sendNow(this.socket, this.#unsent), 0);
    this.#unsent = count === this.#unsent.length ? undefined : this.#unsent.subarray(count);
  }

  /** Closes the socket. */
  close(): void {
    closeSocket(this.socket);
  }
}
