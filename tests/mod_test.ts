import { assertEquals } from "./std.ts";
import { documentFiles } from "../_tools/doc_model.ts";

async function exportsOf(file: string): Promise<string[]> {
  const docs = Object.values(await documentFiles([file]));
  return docs.flatMap((doc) => doc.symbols ?? []).map((symbol) => symbol.name).sort();
}

Deno.test("mod.ts exports all that websocket/mod.ts exports", async () => {
  const all = new Set(await exportsOf("mod.ts"));
  const names = await exportsOf("websocket/mod.ts");
  assertEquals(names.includes("WebSocketConnection"), true);
  assertEquals(names.filter((name) => !all.has(name)), []);
});
