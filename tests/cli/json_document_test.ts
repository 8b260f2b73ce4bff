import { JsonError, type JsonNode, parseJsonDocument, positionOf } from "../../cli/json_document.ts";
import { assertEquals, assertThrows } from "../std.ts";
import { seededRandom } from "../cuts.ts";

const TEXTS: readonly string[] = [
  "null",
  " true ",
  "[]",
  "{}",
  "[1, -0, 0.5, 1e3, -2.5E-2]",
  '{"a": {"b": [false, null, "x"]}, "": 1}',
  String.raw`"\"\\\/\b\f\n\r\tÄ😀 ä\u007f"`,
  '"\u2028\u007f\u009f\ud800"',
  '\uFEFF{"__proto__": {"a": 1}}',
  "\r\n\t[ 1\n,\n2 ]\n",
];

Deno.test("parseJsonDocument reads what JSON.parse reads, and the same", () => {
  for (const text of TEXTS) assertEquals(parseJsonDocument(text).value, JSON.parse(text.replace("\uFEFF", "")), text);
});

const WRONG: readonly (readonly [text: string, message: string, line: number, column: number])[] = [
  ["", "Expected a value, received the end of the file", 1, 1],
  ["{", "Expected a name in double quotes, received the end of the file", 1, 2],
  ['{"a" 1}', 'Expected a colon behind "a", received 1', 1, 6],
  ['{"a": 1 "b": 2}', 'Expected a comma or }, received "', 1, 9],
  ['{"a": 1,}', "There is a comma behind the last member", 1, 9],
  ["[1,\n 2,\n]", "There is a comma behind the last element", 3, 1],
  ["[1 2]", "Expected a comma or ], received 2", 1, 4],
  ["[,]", "Expected a value, received ,", 1, 2],
  ["{a: 1}", "Expected a name in double quotes, received a", 1, 2],
  ["{'a': 1}", 'Expected a name in double quotes, received a single quote: JSON takes " alone', 1, 2],
  ['{"a": 1} x', "Expected the end of the file, received x", 1, 10],
  [
    '{\n  // why\n  "a": 1\n}',
    "Expected a name in double quotes, received what looks like a comment: JSON has none",
    2,
    3,
  ],
  ['["a\nb"]', "The string is not closed on its line", 1, 2],
  ['["a', "The string is not closed", 1, 2],
  ['["a\tb"]', "A control character in a string must be escaped", 1, 4],
  ['["C:\\xyz"]', "There is no escape \\x: a backslash itself is \\\\", 1, 5],
  ['["\\u12"]', "There is no escape \\u: a backslash itself is \\\\", 1, 3],
  ['{"a": 1, "b": 2, "a": 3}', '"a" stands there twice', 1, 18],
  ["[01]", "Expected a value, received 01", 1, 2],
  ["[.5]", "Expected a value, received .", 1, 2],
  ["[1.]", "Expected a value, received 1", 1, 2],
  ["[NaN]", "Expected a value, received NaN", 1, 2],
  ["[undefined]", "Expected a value, received undefined", 1, 2],
  [`${"[".repeat(70)}`, "Cannot be nested deeper than 64 levels", 1, 66],
];

Deno.test("parseJsonDocument says what is wrong with a text, and where", async (t) => {
  for (const [text, message, line, column] of WRONG) {
    await t.step(message, () => {
      const error = assertThrows(() => parseJsonDocument(text), JsonError);
      assertEquals([error.message, error.position], [message, { line, column }]);
    });
  }
});

/** Every value and every name must begin where the text has it. */
function checkPlaces(text: string, node: JsonNode): void {
  for (const [name, { start, node: member }] of node.members ?? []) {
    assertEquals(text.slice(start, start + JSON.stringify(name).length), JSON.stringify(name));
    checkPlaces(text, member);
  }
  for (const item of node.items ?? []) checkPlaces(text, item);
  if (node.items !== undefined || node.members !== undefined) return;
  const written = JSON.stringify(node.value);
  assertEquals(text.slice(node.start, node.start + written.length), written);
}

Deno.test("parseJsonDocument knows where each value and each name stands", () => {
  const random = seededRandom(5);
  const below = (limit: number): number => Math.floor(random() * limit);
  const make = (depth: number): unknown => {
    const kind = depth > 4 ? below(3) : below(6);
    if (kind === 0) return below(1_000) - 500;
    if (kind === 1) return 'text ä " \\ '.slice(0, below(11));
    if (kind === 2) return [true, false, null][below(3)];
    const size = below(4);
    if (kind === 3) return Array.from({ length: size }, () => make(depth + 1));
    return Object.fromEntries(Array.from({ length: size }, (_, index) => [`n${index}"`, make(depth + 1)]));
  };
  for (let round = 0; round < 200; round++) {
    const value = make(0);
    const text = JSON.stringify(value, null, below(3));
    const node = parseJsonDocument(text);
    assertEquals(node.value, value);
    checkPlaces(text, node);
  }
});

Deno.test("positionOf counts lines and columns from 1", () => {
  const text = "ab\ncd\n";
  assertEquals([0, 1, 2, 3, 5, 6].map((offset) => positionOf(text, offset)), [
    { line: 1, column: 1 },
    { line: 1, column: 2 },
    { line: 1, column: 3 },
    { line: 2, column: 1 },
    { line: 2, column: 3 },
    { line: 3, column: 1 },
  ]);
});
