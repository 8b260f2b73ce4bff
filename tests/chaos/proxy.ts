/**
 * A TCP proxy that cuts, delays, truncates and silences what goes through it, and reorders nothing.
 *
 * @module
 */

/** Which way bytes go. */
export type Direction = "toRouter" | "toClient";

const DIRECTIONS: readonly Direction[] = ["toRouter", "toClient"];

/** How much is read at once, in bytes. */
const CHUNK = 64 << 10;

/** Waits. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** The way of a client to a router, through faults. */
export class Link {
  /** The port that clients connect to; the same for the link's whole life. */
  readonly port: number;
  /** How many connections clients have made. */
  accepted = 0;
  /** How long bytes are kept back, in milliseconds. */
  delay = 0;
  readonly #target: number;
  readonly #connections = new Set<Connection>();
  #listener: Deno.TcpListener | undefined;
  #serving: Promise<void> | undefined;

  /** Listens; `target` is the router's port. */
  constructor(target: number) {
    this.#target = target;
    this.port = this.#listen(0);
  }

  /** How many connections go through it. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Ends all connections at once, in both directions. */
  cut(): void {
    for (const connection of this.#connections) connection.close();
  }

  /** Ends one direction of all connections; the other goes on. */
  async cutOneWay(direction: Direction): Promise<void> {
    await Promise.all([...this.#connections].map((connection) => connection.end(direction)));
  }

  /** Lets half of what comes next pass, and ends the connection there. */
  truncate(direction: Direction): void {
    for (const connection of this.#connections) connection.truncates.add(direction);
  }

  /**
   * Loses everything in the given directions from now on, of the connections that are there; what ends one side is not
   * told to the other. Call the result to end those connections.
   */
  silence(directions: readonly Direction[]): () => void {
    const silenced = [...this.#connections];
    for (const connection of silenced) {
      connection.hidesEnd = true;
      directions.forEach((direction) => connection.silent.add(direction));
    }
    return () => silenced.forEach((connection) => connection.close());
  }

  /** Ends all connections, and has new ones refused until {@linkcode Link.admit}. */
  async refuse(): Promise<void> {
    this.#listener?.close();
    this.#listener = undefined;
    this.cut();
    await this.#serving;
  }

  /** Listens again. */
  admit(): void {
    if (this.#listener === undefined) this.#listen(this.port);
  }

  #listen(port: number): number {
    const listener = this.#listener = Deno.listen({ hostname: "127.0.0.1", port });
    this.#serving = this.#serve(listener);
    return listener.addr.port;
  }

  async #serve(listener: Deno.TcpListener): Promise<void> {
    for (;;) {
      let client: Deno.TcpConn;
      try {
        client = await listener.accept();
      } catch {
        return; // closed
      }
      this.accepted++;
      void this.#carry(client);
    }
  }

  async #carry(client: Deno.TcpConn): Promise<void> {
    let router: Deno.TcpConn;
    try {
      router = await Deno.connect({ hostname: "127.0.0.1", port: this.#target });
    } catch {
      return client.close(); // the router is down
    }
    const connection = new Connection(client, router, () => this.delay);
    this.#connections.add(connection);
    await connection.ended;
    this.#connections.delete(connection);
  }
}

/** One client's connection. */
class Connection {
  /** Settles when both sockets are closed. */
  readonly ended: Promise<unknown>;
  /** The directions whose next bytes are cut in half. */
  readonly truncates = new Set<Direction>();
  /** The directions that lose everything. */
  readonly silent = new Set<Direction>();
  /** Whether the end of one side is kept from the other, until `close()`. */
  hidesEnd = false;
  readonly #sources: Readonly<Record<Direction, Deno.TcpConn>>;
  readonly #delay: () => number;
  readonly #closed = Promise.withResolvers<void>();
  #isClosed = false;

  constructor(client: Deno.TcpConn, router: Deno.TcpConn, delay: () => number) {
    this.#sources = { toRouter: client, toClient: router };
    this.#delay = delay;
    client.setNoDelay(true);
    router.setNoDelay(true);
    this.ended = Promise.all(DIRECTIONS.map((direction) => this.#pump(direction))).then(() => this.close());
  }

  /** Ends both directions. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closed.resolve();
    for (const direction of DIRECTIONS) this.#sources[direction].close();
  }

  /** Ends one direction: what comes there is lost, and its receiver is told the end. */
  async end(direction: Direction): Promise<void> {
    this.silent.add(direction);
    await this.#tellEnd(direction);
  }

  async #tellEnd(direction: Direction): Promise<void> {
    try {
      await this.#sinkOf(direction).closeWrite();
    } catch {
      // It has gone already.
    }
  }

  #sinkOf(direction: Direction): Deno.TcpConn {
    return this.#sources[direction === "toRouter" ? "toClient" : "toRouter"];
  }

  /** Carries one direction to its end. Never rejects. */
  async #pump(direction: Direction): Promise<void> {
    let written: Promise<void> = Promise.resolve();
    try {
      for (;;) {
        const buffer = new Uint8Array(CHUNK);
        const count = await this.#sources[direction].read(buffer);
        if (count === null) break;
        if (this.silent.has(direction)) continue;
        const due = performance.now() + this.#delay();
        written = this.#write(written, direction, buffer.subarray(0, count), due);
      }
      await written;
      if (this.hidesEnd) await this.#closed.promise;
      else if (!this.silent.has(direction)) await this.#tellEnd(direction);
    } catch {
      // One of the two was reset: so is the other, unless it is not to know.
      if (this.hidesEnd) await this.#closed.promise;
      this.close();
    }
  }

  async #write(before: Promise<void>, direction: Direction, bytes: Uint8Array, due: number): Promise<void> {
    await before;
    const wait = due - performance.now();
    if (wait > 0) await Promise.race([sleep(wait), this.#closed.promise]);
    if (this.#isClosed || this.silent.has(direction)) return;
    const isCut = this.truncates.has(direction) && bytes.length > 1;
    const part = isCut ? bytes.subarray(0, bytes.length >> 1) : bytes;
    try {
      for (let at = 0; at < part.length;) at += await this.#sinkOf(direction).write(part.subarray(at));
    } catch {
      if (!this.hidesEnd) this.close();
    }
    if (isCut) this.close();
  }
}
