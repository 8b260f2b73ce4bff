/** Tests of archives, and of reading what tasks say. */

import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { compress, packFiles, sha256 } from "../../_tools/release/archive.ts";
import { formatCount, formatSummary, readSummary } from "../../_tools/release/gate.ts";
import { GateError } from "../../_tools/release/gate.ts";
import { setVersion } from "../../_tools/release/tree.ts";
import { assert, assertEquals, assertThrows } from "../std.ts";

const TIME = new Date("2026-11-22T00:00:00Z");
const encoder = new TextEncoder();

/** Runs tar within a folder: GNU's takes a path with a drive's letter for one on another machine. */
async function runTar(cwd: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("tar", { args, cwd }).output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

Deno.test("packFiles writes an archive that tar unpacks, long paths and whole blocks too", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const deep = `top/${"folder/".repeat(20)}${"name".repeat(20)}.txt`;
    const files = new Map([["top/a.txt", ""], ["top/b.txt", "b"], [deep, "x".repeat(512)]]);
    // Windows' own tar reads names in the code page of the system.
    if (Deno.build.os !== "windows") files.set("top/é.txt", "accent");
    const archive = compress(packFiles(new Map([...files].map(([p, t]) => [p, encoder.encode(t)])), TIME));
    await Deno.writeFile(join(folder, "archive.tar.gz"), archive);
    await runTar(folder, "-xzf", "archive.tar.gz");
    for (const [path, text] of files) assertEquals(await Deno.readTextFile(join(folder, path)), text, path);
    assertEquals((await Deno.stat(join(folder, "top/b.txt"))).mtime, TIME);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("packFiles gives the same bytes whatever the order of the files", () => {
  const files: [string, Uint8Array][] = [["b", encoder.encode("2")], ["a", encoder.encode("1")]];
  const packed = packFiles(new Map(files), TIME);
  assertEquals(packFiles(new Map(files.toReversed()), TIME), packed);
  assertEquals(packed.length % 512, 0);
});

Deno.test("compress writes neither a time nor a system (RFC 1952 §2.3)", () => {
  const packed = compress(encoder.encode("text"));
  assertEquals([...packed.subarray(4, 8), packed[9]], [0, 0, 0, 0, 255]);
  assertEquals(new TextDecoder().decode(gunzipSync(packed)), "text");
});

Deno.test("packFiles refuses a path that the format has no room for", () => {
  const pack = (path: string) => () => packFiles(new Map([[path, new Uint8Array()]]), TIME);
  assertThrows(pack("a".repeat(101)), RangeError, "must fit into 155 and 100 bytes");
  assertThrows(pack(`${"a".repeat(156)}/b`), RangeError, "must fit");
});

Deno.test("sha256 gives hexadecimal digits (FIPS 180-4, of the empty message)", async () => {
  const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  assertEquals(await sha256(new Uint8Array()), empty);
});

Deno.test("readSummary reads what deno test and our own tools say last, colored or not", () => {
  const colored = "\x1b[32mok\x1b[0m | 12 passed (3 steps) | 0 failed | 4 ignored (2s)";
  assertEquals(readSummary(["1 passed, 1 failed", colored, ""]), { passed: 12, failed: 0, skipped: 4 });
  assertEquals(readSummary(["interop: 3 passed, 0 failed, 1 skipped"]), { passed: 3, failed: 0, skipped: 1 });
  assertEquals(readSummary(["FAILED | 7 passed | 2 failed (1s)", "error: Test failed"])?.failed, 2);
  assertEquals(readSummary(["all passed", "3 passed"]), undefined);
});

Deno.test("formatSummary names what there is", () => {
  assertEquals(formatSummary({ passed: 1034, failed: 0, skipped: 0 }), "1,034 passed");
  assertEquals(formatSummary({ passed: 0, failed: 1, skipped: 2 }), "0 passed, 1 failed, 2 skipped");
  assertEquals(["7", "700", "7,000", "7,000,000"], [7, 700, 7e3, 7e6].map(formatCount));
});

Deno.test("setVersion changes the version and nothing else", () => {
  const text = '{\n  "name": "a",\n  "version": "0.1.0",\n  "tasks": {\n    "version": "1"\n  }\n}\n';
  assertEquals(setVersion(text, "0.2.0"), text.replace("0.1.0", "0.2.0"));
  assertThrows(() => setVersion("{}", "0.2.0"), GateError, "no version to replace");
});
