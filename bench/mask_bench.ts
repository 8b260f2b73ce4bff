/**
 * Masking in place against the plain byte loop and, where it can be loaded, ws's native module. The GB/s of a row are
 * its size divided by its time in nanoseconds.
 */

import { mask } from "../websocket/mask.ts";

const SIZES: readonly (readonly [string, number])[] = [
  ["4 B", 4],
  ["8 B", 8],
  ["16 B", 16],
  ["64 B", 64],
  ["96 B", 96],
  ["128 B", 128],
  ["1 KiB", 1024],
  ["64 KiB", 65536],
];

const MASKING_KEY = 0xa1b2c3d4;

interface Bufferutil {
  mask(source: Uint8Array, key: Uint8Array, output: Uint8Array, offset: number, length: number): void;
}

/** The loop that a first version would have; the ratio to it is what the table shows. */
function byteLoop(bytes: Uint8Array, start: number, end: number, key: Uint8Array, offset: number): void {
  for (let index = start; index < end; index++) bytes[index] = bytes[index]! ^ key[(index - start + offset) & 3]!;
}

async function loadBufferutil(): Promise<Bufferutil | undefined> {
  try {
    // Named by a variable, so that checking the types does not need the package.
    const specifier: string = "npm:bufferutil@4";
    const module: { default: Bufferutil } = await import(specifier);
    return module.default;
  } catch (error) {
    console.error(`bufferutil is absent: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

const bufferutil = await loadBufferutil();
const keyBytes = Uint8Array.of(0xa1, 0xb2, 0xc3, 0xd4);

/** A payload behind a frame header of six bytes in a read buffer, which is where payloads lie. */
const START = 6;

for (const [name, size] of SIZES) {
  const bytes = new Uint8Array(START + size);
  const payload = bytes.subarray(START);
  // A short call is repeated, so that the clock of the bench does not drown it.
  const repeats = size < 1024 ? 100 : 1;
  const group = repeats > 1 ? `mask ${name} (${repeats} times)` : `mask ${name}`;
  Deno.bench({
    name: `viaduct, ${group}`,
    group,
    fn(): void {
      for (let round = 0; round < repeats; round++) mask(bytes, START, START + size, MASKING_KEY, 0);
    },
  });
  Deno.bench({
    name: `byte loop, ${group}`,
    group,
    baseline: true,
    fn(): void {
      for (let round = 0; round < repeats; round++) byteLoop(bytes, START, START + size, keyBytes, 0);
    },
  });
  if (bufferutil === undefined) continue;
  Deno.bench({
    name: `bufferutil, ${group}`,
    group,
    fn(): void {
      for (let round = 0; round < repeats; round++) bufferutil.mask(payload, keyBytes, payload, 0, size);
    },
  });
}
