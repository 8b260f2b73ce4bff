import { assertEquals } from "../std.ts";
import { countUnloaded, parseLcov, percentOf } from "../../_tools/coverage.ts";

const LCOV = `SF:/project/websocket/a.ts
FN:1,a
DA:1,3
DA:2,0
DA:3,10
LH:2
LF:3
end_of_record
SF:/project/internal/b.ts
DA:7,0
end_of_record
`;

Deno.test("parseLcov counts lines and those that ran, by path from the root", () => {
  assertEquals([...parseLcov(LCOV, "/project/")], [
    ["websocket/a.ts", { found: 3, hit: 2 }],
    ["internal/b.ts", { found: 1, hit: 0 }],
  ]);
});

Deno.test("parseLcov gives paths of Windows with slashes", () => {
  const lcov = LCOV.replaceAll("/", "\\").replaceAll("\n", "\r\n");
  assertEquals([...parseLcov(lcov, "\\project\\").keys()], ["websocket/a.ts", "internal/b.ts"]);
});

Deno.test("countUnloaded counts every line with code of a file that no test loads", () => {
  assertEquals(countUnloaded("/** A.\n */\nexport function a() {\n\n  return 1; // b\n}\n"), { found: 3, hit: 0 });
});

Deno.test("countUnloaded counts nothing in a file of types alone", () => {
  assertEquals(countUnloaded("/** A function. */\nexport interface A {\n  a: number;\n}\n"), { found: 0, hit: 0 });
});

Deno.test("percentOf weighs files by their lines", () => {
  assertEquals(percentOf([{ found: 3, hit: 2 }, { found: 1, hit: 1 }]), 75);
  assertEquals(percentOf([]), 100);
});
