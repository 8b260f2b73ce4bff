/**
 * TCP sockets of the C library by FFI, so that a message costs the generator little more than its two system calls:
 * with one message in flight on many connections, a generator on asynchronous sockets costs as much as the servers it
 * is to measure. Linux only.
 *
 * @module
 */

const AF_INET = 2;
const SOCK_STREAM = 1;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const LOOPBACK = 0x7f000001;

/** Bits of poll(2): bytes to read. */
export const POLL_IN = 0x1;
/** Bits of poll(2): room to write. */
export const POLL_OUT = 0x4;

const SYMBOLS = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  poll: { parameters: ["buffer", "u64", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

function openLibrary(): Deno.DynamicLibrary<typeof SYMBOLS> {
  if (Deno.build.os !== "linux") {
    throw new Error(`Cannot generate load: the generator needs Linux, this system is ${Deno.build.os}`);
  }
  return Deno.dlopen("libc.so.6", SYMBOLS);
}

const libc = openLibrary().symbols;

/** Opens a connection to a port of 127.0.0.1; returns its file descriptor. */
export function openSocket(port: number): number {
  const socket = libc.socket(AF_INET, SOCK_STREAM, 0);
  if (socket < 0) throw new Error("Cannot open a socket");
  const address = new Uint8Array(16);
  const view = new DataView(address.buffer);
  // The family stands in the machine's own order, port and address in the network's.
  view.setUint16(0, AF_INET, true);
  view.setUint16(2, port);
  view.setUint32(4, LOOPBACK);
  if (libc.connect(socket, address, address.length) < 0) throw new Error(`Cannot connect to 127.0.0.1:${port}`);
  libc.setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, Uint8Array.of(1, 0, 0, 0), 4);
  return socket;
}

/** Reads what is there without waiting; 0 at the end of the stream, -1 when nothing is there or on failure. */
export function receiveNow(socket: number, buffer: Uint8Array<ArrayBuffer>): number {
  return Number(libc.recv(socket, buffer, BigInt(buffer.length), MSG_DONTWAIT));
}

/** Writes without waiting; returns the count of bytes taken, -1 when there is no room or on failure. */
export function sendNow(socket: number, bytes: Uint8Array<ArrayBuffer>): number {
  return Number(libc.send(socket, bytes, BigInt(bytes.length), MSG_DONTWAIT | MSG_NOSIGNAL));
}

/** Closes a socket. */
export function closeSocket(socket: number): void {
  libc.close(socket);
}

/** The sockets that are waited for, by poll(2). */
export class PollSet {
  readonly #entries: DataView<ArrayBuffer>;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #count: bigint;

  constructor(sockets: readonly number[]) {
    // struct pollfd {int fd; short events; short revents}
    this.#bytes = new Uint8Array(8 * sockets.length);
    this.#entries = new DataView(this.#bytes.buffer);
    this.#count = BigInt(sockets.length);
    sockets.forEach((socket, index) => this.#entries.setInt32(8 * index, socket, true));
  }

  /** Chooses what to wait for at a socket, by its place in the set. */
  want(index: number, events: number): void {
    this.#entries.setInt16(8 * index + 4, events, true);
  }

  /** Waits until something is ready, at most `timeout` milliseconds; returns how many sockets are. */
  wait(timeout: number): number {
    return libc.poll(this.#bytes, this.#count, timeout);
  }

  /** What the last wait found at a socket. */
  found(index: number): number {
    return this.#entries.getInt16(8 * index + 6, true);
  }
}
