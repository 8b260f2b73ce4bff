import { connect } from "@viaduct/viaduct";
import { ApplicationError, type Arguments, join as joinRealm } from "@viaduct/viaduct/wamp";
import { join } from "node:path";
import { assert, assertEquals, assertMatch, assertRejects } from "../std.ts";
import type { Process } from "../support/processes.ts";
import { TransferError } from "../../examples/file_transfer/files.ts";
import type { Chunks, Remote } from "../../examples/file_transfer/remote.ts";
import { StreamRemote } from "../../examples/file_transfer/stream_remote.ts";
import { WampRemote } from "../../examples/file_transfer/wamp_remote.ts";
import { type ExampleResult, interrupt, inTime, LIMIT, runExample, startExample } from "./example.ts";
import { POSIX } from "../support/systems.ts";

/** Both ways to reach the server. */
const WAYS = ["wamp", "stream"] as const;
type Way = typeof WAYS[number];

const SIZE = 1_000_003;
/** More than the buffers between two processes hold, so that what is killed midway is lost midway. */
const LARGE = 24_000_003;
/** So that there is time to disturb a transfer, in bytes in a second: for one that ends there, and for one that goes on. */
const [SLOWEST, SLOW] = [String(LARGE >> 3), String(LARGE >> 1)];

/** A folder of the server, one of the client, and the server's process. */
class Place implements AsyncDisposable {
  readonly server: string;
  readonly client: string;
  readonly #root: string;
  #process: Process | undefined;
  #ports = { wamp: "0", stream: "0" };

  private constructor(root: string) {
    this.#root = root;
    [this.server, this.client] = [join(root, "server"), join(root, "client")];
  }

  static async make(...options: readonly string[]): Promise<Place> {
    const place = new Place(await Deno.makeTempDir());
    for (const folder of [place.server, place.client]) await Deno.mkdir(folder);
    await place.start(...options);
    return place;
  }

  /** Starts the server, the second time where it was before. */
  async start(...options: readonly string[]): Promise<void> {
    const ports = ["--port", this.#ports.wamp, "--stream-port", this.#ports.stream];
    this.#process = await startExample("file_transfer/server.ts", [...ports, ...options, this.server]);
    const [, wamp = ""] = await this.#process.line(/^WAMP at ws:\S+:(\d+)\/ws$/, LIMIT);
    const [, stream = ""] = await this.#process.line(/^Streams at ws:\S+:(\d+)\/ /, LIMIT);
    this.#ports = { wamp, stream };
  }

  /** Ends the server without a word. */
  async kill(): Promise<void> {
    Deno.kill(this.#process!.pid, "SIGKILL");
    await this.#process!.status;
  }

  async stop(): Promise<number> {
    return await interrupt(this.#process!);
  }

  /** Waits for what the server prints. */
  async prints(pattern: RegExp): Promise<void> {
    await this.#process!.line(pattern, LIMIT);
  }

  /** Connects as the client does. */
  connect(way: Way): Promise<Remote> {
    const { signal } = new AbortController();
    return way === "wamp" ? WampRemote.open(this.url(way), signal) : StreamRemote.open(this.url(way), signal);
  }

  url(way: Way): string {
    return `ws://127.0.0.1:${this.#ports[way]}${way === "wamp" ? "/ws" : "/"}`;
  }

  args(way: Way, args: readonly string[]): string[] {
    return [way === "wamp" ? "--url" : "--stream", this.url(way), "--folder", this.client, ...args];
  }

  run(way: Way, ...args: readonly string[]): Promise<ExampleResult> {
    return runExample("file_transfer/client.ts", this.args(way, args));
  }

  startClient(way: Way, ...args: readonly string[]): Promise<Process> {
    return startExample("file_transfer/client.ts", this.args(way, args));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.stop();
    await Deno.remove(this.#root, { recursive: true });
  }
}

/** Bytes that differ from place to place. */
function makeContent(size: number = SIZE): Uint8Array<ArrayBuffer> {
  const content = new Uint8Array(size);
  for (let index = 0; index < size; index++) content[index] = index * index + (index >> 8);
  return content;
}

async function read(...path: readonly string[]): Promise<Uint8Array> {
  return await Deno.readFile(join(...path));
}

for (const way of WAYS) {
  Deno.test(`file transfer by ${way}: a file goes there and comes back whole, with progress`, async () => {
    await using place = await Place.make();
    for (const size of [SIZE, 65_536, 0]) {
      const [name, path] = [`file ${size}.bin`, join(place.client, `file ${size}.bin`)];
      await Deno.writeFile(path, makeContent(size));
      const sent = await place.run(way, "put", path);
      assertEquals(sent.code, 0, sent.lines.join("\n"));
      const percents = sent.lines.slice(0, -1).map((line) => Number(/^ *(\d+) % /.exec(line)?.[1]));
      assertEquals([percents.at(0), percents.at(-1)], [size === 0 ? 100 : 0, 100]);
      assert(size < SIZE || percents.length > 5, percents.join(" "));
      assertEquals(sent.lines.at(-1), `Sent ${path}`);
      assertEquals(await read(place.server, name), makeContent(size));

      await Deno.remove(path);
      const received = await place.run(way, "get", name);
      assertEquals(received.code, 0, received.lines.join("\n"));
      assertEquals(received.lines.at(-2), `100 %  ${size} of ${size} bytes`);
      assertEquals(received.lines.at(-1), `Received ${path}`);
      assertEquals(await read(path), makeContent(size));
    }
    const { lines } = await place.run(way, "list");
    assertEquals(lines.map((line) => line.trim()), [
      "0 file 0.bin",
      `${SIZE} file ${SIZE}.bin`,
      "65536 file 65536.bin",
    ]);
    assertEquals(await place.stop(), 0);
  });

  for (const command of ["put", "get"] as const) {
    Deno.test(`file transfer by ${way}: ${command} that is stopped goes on from there`, POSIX, async () => {
      await using place = await Place.make();
      const [from, to] = command === "put" ? [place.client, place.server] : [place.server, place.client];
      await Deno.writeFile(join(from, "file"), makeContent(LARGE));
      const target = command === "put" ? join(from, "file") : "file";
      const client = await place.startClient(way, "--limit", SLOWEST, command, target);
      await client.line(/^ 10 %/, LIMIT);
      assertEquals(await interrupt(client), 130);
      assertMatch(client.tail, /^Stopped: the same command goes on from here$/m);
      assert(!client.tail.includes("100 %"), client.tail);
      const part = await read(to, "file.part");
      assert(part.length < LARGE, `${part.length} bytes`);
      assertEquals(part, makeContent(LARGE).subarray(0, part.length));

      const { code, lines } = await place.run(way, command, target);
      assertEquals(code, 0, lines.join("\n"));
      const first = lines.find((line) => !line.startsWith("Trying again: ")) ?? "";
      assertMatch(first, /^ *\d+ % {2}[1-9]\d* of /);
      assertEquals(await read(to, "file"), makeContent(LARGE));
      await assertRejects(() => Deno.stat(join(to, "file.part")), Deno.errors.NotFound);
    });

    Deno.test(`file transfer by ${way}: ${command} outlives its server`, async () => {
      await using place = await Place.make();
      const [from, to] = command === "put" ? [place.client, place.server] : [place.server, place.client];
      await Deno.writeFile(join(from, "file"), makeContent(LARGE));
      const target = command === "put" ? join(from, "file") : "file";
      const client = await place.startClient(way, "--limit", SLOW, command, target);
      await client.line(/^ 10 %/, LIMIT);
      await place.kill();
      await client.line(/^Trying again: /, LIMIT);
      await place.start();
      assertEquals((await client.status).code, 0, client.tail);
      assertEquals(client.tail.match(/^ {2}0 % {2}0 of /gm)?.length, 1, client.tail); // not from the beginning
      assertEquals(await read(to, "file"), makeContent(LARGE));
    });
  }

  Deno.test(`file transfer by ${way}: what arrived wrong is thrown away, and said`, async () => {
    await using place = await Place.make();
    await Deno.writeFile(join(place.client, "up"), makeContent());
    await Deno.writeFile(join(place.server, "down"), makeContent());
    // As if other files of these names had been transferred in part before.
    await Deno.writeFile(join(place.server, "up.part"), new Uint8Array(70_000));
    await Deno.writeFile(join(place.client, "down.part"), new Uint8Array(70_000));
    const tries = [["put", join(place.client, "up"), place.server], ["get", "down", place.client]] as const;
    for (const [command, target, to] of tries) {
      const wrong = await place.run(way, command, target);
      assertEquals(wrong.code, 1);
      assertMatch(
        wrong.lines.at(-1)!,
        /^TransferError: SHA-256 must be [0-9a-f]{64}, received [0-9a-f]{64}: try again/,
      );
      assertEquals([...Deno.readDirSync(to)].filter(({ name }) => name.endsWith(".part")), []);
      assertEquals((await place.run(way, command, target)).code, 0);
    }
    assertEquals(await read(place.server, "up"), makeContent());
    assertEquals(await read(place.client, "down"), makeContent());
  });

  Deno.test(`file transfer by ${way}: a part that is longer than the file is thrown away`, async () => {
    await using place = await Place.make();
    await Deno.writeFile(join(place.client, "file"), makeContent());
    await Deno.writeFile(join(place.server, "file.part"), new Uint8Array(SIZE + 1));
    const { code, lines } = await place.run(way, "put", join(place.client, "file"));
    assertEquals(code, 0, lines.join("\n"));
    assertEquals(await read(place.server, "file"), makeContent());
  });

  Deno.test(`file transfer by ${way}: what the server cannot do is told to its user, and nothing of it to others`, async () => {
    await using place = await Place.make();
    await Deno.mkdir(join(place.server, "file.part"));
    await Deno.writeFile(join(place.client, "file"), makeContent(10));
    const { code, lines } = await place.run(way, "put", join(place.client, "file"));
    assertEquals([code, lines.at(-1)], [1, "TransferError: The server cannot do that now"], lines.join("\n"));
    await place.prints(/^Cannot serve a client: .*file\.part/);
  });

  Deno.test(`file transfer by ${way}: a file that cannot be read ends its upload, and the failure says so`, async () => {
    await using place = await Place.make();
    await using remote = await place.connect(way);
    async function* failing(): Chunks {
      yield makeContent(5);
      throw new Error("The disk is broken");
    }
    const { signal } = new AbortController();
    const uploading = remote.upload({ name: "file", size: 10 }, failing, () => {}, signal);
    await assertRejects(() => uploading, Error, "The disk is broken");
  });

  Deno.test(`file transfer by ${way}: a file whose upload is refused midway is closed`, async () => {
    await using place = await Place.make();
    await using remote = await place.connect(way);
    const refused = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    async function* tooMuch(): Chunks {
      try {
        yield makeContent(11);
        await refused.promise;
        for (;;) yield makeContent(11);
      } finally {
        closed.resolve();
      }
    }
    const { signal } = new AbortController();
    const uploading = remote.upload({ name: "file", size: 10 }, tooMuch, () => {}, signal);
    if (way === "stream") refused.resolve(); // There, reading goes on until the connection has ended.
    await assertRejects(() => uploading, TransferError, "There is more than was said");
    refused.resolve();
    await inTime(closed.promise);
  });

  Deno.test(`file transfer by ${way}: what is refused is said in one line`, async () => {
    await using place = await Place.make("--max-size", "1000");
    await Deno.writeFile(join(place.client, "large"), makeContent(1_001));
    await Deno.writeFile(join(place.client, "x.part"), makeContent(10));
    const tries = [
      [["get", "nothing"], `TransferError: There is no file "nothing"`],
      [["get", "../server/x"], "TransferError: Name must be a plain file name"],
      [["put", join(place.client, "large")], "TransferError: Size must be at most 1000, received 1001"],
      [["put", join(place.client, "x.part")], "TransferError: Name must be a plain file name"],
    ] as const;
    for (const [args, message] of tries) {
      const { code, lines } = await place.run(way, ...args);
      assertEquals([code, lines.at(-1)], [1, message]);
    }
    assertEquals([...Deno.readDirSync(place.server)], []);
  });
}

Deno.test("file transfer: one at a time writes to a name", async () => {
  await using place = await Place.make();
  const url = place.url("wamp");
  await using first = await joinRealm(url, { realm: "files" });
  await using second = await joinRealm(url, { realm: "files" });
  const hold = Promise.withResolvers<void>();
  async function* parts(wait?: Promise<void>, name = "file"): AsyncGenerator<Arguments> {
    yield { args: [name, 10] };
    await wait;
  }
  const results = first.callProgressive("files.upload", parts(hold.promise));
  assertEquals((await results.next()).value?.args, [0]);
  // Where case does not matter to the system, the other is the same file.
  for (const name of ["file", "FILE"]) {
    const error = await assertRejects(() => second.callProgressive("files.upload", parts(undefined, name)).next());
    assert(error instanceof ApplicationError);
    assertEquals(error.uri, "files.error.busy");
  }
  hold.resolve();
  const end = await assertRejects(() => results.next());
  assert(end instanceof ApplicationError);
  assertEquals([end.uri, end.args], ["files.error.bad_request", ["The checksum is missing"]]);
  // The name is free again.
  const again = second.callProgressive("files.upload", parts());
  assertEquals((await again.next()).value?.args, [0]);
  await again.return?.();
});

Deno.test("file transfer: a caller that breaks the rules is answered with an error", async (t) => {
  await using place = await Place.make();
  await Deno.writeFile(join(place.server, "file"), makeContent(10));
  await using session = await joinRealm(place.url("wamp"), { realm: "files" });
  const misuses = [
    ["files.download", [["file", -1]]],
    ["files.download", [["file", 11]]],
    ["files.download", [["file", "0"]]],
    ["files.download", [[".hidden", 0]]],
    ["files.download", [[7, 0]]],
    ["files.download", [["file", 0]]], // asks for less than there is
    ["files.upload", [["new", -1]]],
    ["files.upload", [["new", 1.5]]],
    ["files.upload", [["a/b", 1]]],
    // Names that are another's, or a device's, on Windows or macOS
    ...["file.", "file ", "file.PART", "file.part.", "nul", "Con.txt", "com1", "LPT9 .txt"].map((name) =>
      ["files.upload", [[name, 1]]] as const
    ),
    ["files.upload", [["new", 1], [new Uint8Array(2)]]],
  ] as const;
  for (const [index, [procedure, parts]] of misuses.entries()) {
    await t.step(`${procedure} ${index}`, async () => {
      async function* source(): AsyncGenerator<Arguments> {
        for (const args of parts) yield { args };
      }
      const error = await assertRejects(async () => {
        for await (const _ of session.callProgressive(procedure, source()));
      });
      assert(error instanceof ApplicationError);
      assertMatch(error.uri, /^files\.error\.(?:bad_request|too_large)$/);
    });
  }
});

Deno.test("file transfer: a stream that breaks the rules is answered with an error, and closed", async (t) => {
  await using place = await Place.make();
  const misuses = [
    ["x", "The text must be JSON"],
    ["7", "The text must be a JSON object"],
    [new Uint8Array(3), "Text was expected, received bytes"],
    ["{}", "Action must be list, size, download or upload"],
    [`{"action": "download", "name": "nothing", "offset": 0}`, `There is no file "nothing"`],
    [JSON.stringify({ action: "x".repeat(1 << 21) }), "The text is too long"],
  ] as const;
  for (const [request, message] of misuses) {
    await t.step(message, async () => {
      await using ws = await connect(place.url("stream"));
      await ws.send(request);
      const { value } = await ws[Symbol.asyncIterator]().next();
      assertEquals([JSON.parse(String(value)).message, (await ws.closed).code], [message, 1008]);
    });
  }
});

Deno.test("file transfer: both programs say what is wrong with their arguments", async (t) => {
  const closed = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = closed.addr;
  closed.close();
  const misuses = [
    ["server", [], /A folder must be given/],
    ["server", ["--port", "70000", "."], /--port must be 0 to 65535, received "70000"/],
    ["server", ["no such folder"], /NotFound/],
    ["client", [], /Command must be list, get NAME or put FILE/],
    ["client", ["--limit", "x", "list"], /--limit must be a whole number, received "x"/],
    ["client", ["--url", `ws://127.0.0.1:${port}/ws`, "get", "file"], /refused/],
    ["client", ["--stream", `ws://127.0.0.1:${port}/`, "get", "file"], /refused/],
  ] as const;
  for (const [name, args, message] of misuses) {
    await t.step(`${name} ${args.join(" ")}`.replace(String(port), "PORT"), async () => {
      const { code, lines } = await runExample(`file_transfer/${name}.ts`, args);
      assertEquals(code, 1);
      assertMatch(lines[0]!, message);
      assert(lines.some((line) => line.startsWith("Usage:")));
    });
  }
});
