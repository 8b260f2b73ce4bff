/**
 * The messages that the load generator sends: binary noise or JSON text of an exact size, the same in every run.
 *
 * @module
 */

import { seededRandom } from "../../tests/cuts.ts";

/** `count` different messages of `size` random bytes. */
export function binaryPayloads(count: number, size: number, seed = 1): Uint8Array[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => Uint8Array.from({ length: size }, () => Math.floor(random() * 256)));
}

const WORDS = "amber basin cedar delta ember fjord grove haven islet jetty knoll ledge marsh nadir ocean prairie".split(
  " ",
);

/** `count` different messages of JSON text, each exactly `size` bytes of ASCII; `size` is at least 96. */
export function jsonPayloads(count: number, size: number, seed = 1): Uint8Array[] {
  if (size < 96) throw new RangeError(`Cannot write JSON messages: size must be at least 96, received ${size}`);
  const random = seededRandom(seed);
  const encoder = new TextEncoder();
  return Array.from({ length: count }, (_, id) => encoder.encode(jsonText(id, size, random)));
}

function jsonText(id: number, size: number, random: () => number): string {
  const word = () => WORDS[Math.floor(random() * WORDS.length)]!;
  const head = `{"id":${id},"topic":"com.example.${word()}","price":${(random() * 1000).toFixed(2)},"items":[`;
  const items: string[] = [];
  let length = head.length;
  for (;;) {
    const item = `{"name":"${word()}","count":${Math.floor(random() * 1000)},"ok":${random() < 0.5}}`;
    // What follows the items takes 12 characters beside the note's own text.
    if (length + item.length + 1 + 12 > size) break;
    items.push(item);
    length += item.length + 1;
  }
  const open = `${head}${items.join(",")}],"note":"`;
  let note = "";
  while (note.length < size - open.length - 2) note += `${word()} `;
  return `${open}${note.slice(0, size - open.length - 2)}"}`;
}
