/**
 * Archives that come out the same wherever and whenever they are made: sorted, with one time, one owner, one mode.
 *
 * @module
 */

import { gzipSync } from "node:zlib";

/** The size of a block of an archive, in bytes (POSIX.1-2017, pax, "ustar Interchange Format"). */
const BLOCK = 512;
const NAME_SIZE = 100;
const PREFIX_SIZE = 155;
/** Where gzip says on which system it ran (RFC 1952 §2.3), and what stands for "unknown". */
const GZIP_SYSTEM = 9;
const UNKNOWN_SYSTEM = 255;

const encoder = new TextEncoder();

/**
 * Packs files into one, which is the same byte by byte for the same files.
 *
 * @param files Content by path; a path has slashes, and begins with the folder that the archive unpacks to.
 * @param time The time of every file.
 * @returns The bytes of a `.tar`.
 * @throws {RangeError} When a path is too long for the format.
 */
export function packFiles(files: ReadonlyMap<string, Uint8Array>, time: Date): Uint8Array {
  const blocks: Uint8Array[] = [];
  const sorted = [...files].sort(([a], [b]) => a < b ? -1 : 1);
  for (const [path, content] of sorted) {
    blocks.push(makeHeader(path, content.length, time), content, new Uint8Array(-content.length & (BLOCK - 1)));
  }
  blocks.push(new Uint8Array(2 * BLOCK));
  return concat(blocks);
}

/**
 * Compresses an archive; without a time or a system in it, so that the same version of Deno does it the same way.
 *
 * @param archive The bytes of a `.tar`.
 * @returns The bytes of a `.tar.gz`.
 */
export function compress(archive: Uint8Array): Uint8Array {
  const compressed = new Uint8Array(gzipSync(archive, { level: 9 }));
  compressed[GZIP_SYSTEM] = UNKNOWN_SYSTEM;
  return compressed;
}

/**
 * Gives the SHA-256 of some bytes.
 *
 * @param bytes The bytes.
 * @returns 64 hexadecimal digits.
 */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new Uint8Array(bytes));
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function makeHeader(path: string, size: number, time: Date): Uint8Array {
  const { name, prefix } = splitPath(path);
  const header = new Uint8Array(BLOCK);
  const write = (text: string, offset: number): void => void encoder.encodeInto(text, header.subarray(offset));
  const number = (value: number, digits: number): string => `${value.toString(8).padStart(digits, "0")}\0`;
  write(name, 0);
  write(number(0o644, 7), 100);
  write(number(0, 7), 108);
  write(number(0, 7), 116);
  write(number(size, 11), 124);
  write(number(Math.floor(time.getTime() / 1_000), 11), 136);
  write(" ".repeat(8), 148); // counted as spaces in the checksum
  write("0", 156);
  write("ustar\x0000", 257);
  write("root", 265);
  write("root", 297);
  write(prefix, 345);
  write(`${number(header.reduce((sum, byte) => sum + byte, 0), 6)} `, 148);
  return header;
}

/** Splits a path that is too long for the name at a slash. */
function splitPath(path: string): { readonly name: string; readonly prefix: string } {
  const isFitting = (text: string, size: number): boolean => encoder.encode(text).length <= size;
  if (isFitting(path, NAME_SIZE)) return { name: path, prefix: "" };
  for (let slash = path.indexOf("/"); slash > 0; slash = path.indexOf("/", slash + 1)) {
    const [prefix, name] = [path.slice(0, slash), path.slice(slash + 1)];
    if (isFitting(prefix, PREFIX_SIZE) && name !== "" && isFitting(name, NAME_SIZE)) return { name, prefix };
  }
  throw new RangeError(`Cannot pack ${path}: its parts must fit into ${PREFIX_SIZE} and ${NAME_SIZE} bytes`);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
