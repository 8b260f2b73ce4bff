/**
 * UTF-8 validation, decoding and counting against what the platform offers. The sizes are the bytes of the text in
 * UTF-8; the GB/s of a row are its size divided by its time in nanoseconds.
 */

import { isUtf8 } from "node:buffer";
import { decodeUtf8, utf8Length, Utf8Validator } from "../internal/utf8.ts";

const SIZES: readonly (readonly [string, number])[] = [
  ["12 B", 12],
  ["16 B", 16],
  ["48 B", 48],
  ["128 B", 128],
  ["256 B", 256],
  ["1 KiB", 1024],
  ["64 KiB", 65536],
];

/** Texts by their share of characters that are not ASCII: none, some, all. */
const SAMPLES: readonly (readonly [string, string])[] = [
  ["ASCII", '{"id":1,"ok":true} '],
  ["German", "Zwölf Boxkämpfer jagen Viktor über den Sylter Deich. "],
  ["Chinese", "漢字"],
];

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Repeats `sample` to at most `size` bytes, ending between two characters. */
function textOf(sample: string, size: number): string {
  const bytes = new TextEncoder().encode(sample.repeat(Math.ceil(size / sample.length)));
  return new TextDecoder().decode(bytes.subarray(0, size), { stream: true });
}

for (const [language, sample] of SAMPLES) {
  for (const [name, size] of SIZES) {
    const text = textOf(sample, size);
    const bytes = new TextEncoder().encode(text);
    const validator = new Utf8Validator();
    const repeats = size < 1024 ? 100 : 1;
    const of = `${language} ${name}${repeats > 1 ? ` (${repeats} times)` : ""}`;
    const bench = (what: string, group: string, once: () => unknown): void => {
      Deno.bench(`${what}, ${of}`, { group: `${group} ${of}` }, (): void => {
        for (let round = 0; round < repeats; round++) once();
      });
    };
    bench("Utf8Validator", "validate", () => {
      validator.reset();
      return validator.push(bytes, 0, bytes.length);
    });
    bench("isUtf8 of node:buffer", "validate", () => isUtf8(bytes));
    bench("decodeUtf8", "decode", () => decodeUtf8(bytes));
    bench("fatal TextDecoder", "decode", () => decoder.decode(bytes));
    bench("utf8Length", "length", () => utf8Length(text));
  }
}
