import { assertEquals } from "../../std.ts";
import { settled } from "../../fake_clock.ts";
import { Batch } from "../../../wamp/transports/batch.ts";

/** A batch, and the lengths of what it sent. */
function recorded(): [Batch, number[]] {
  const sent: number[] = [];
  return [new Batch((bytes) => sent.push(bytes.length)), sent];
}

Deno.test("Batch joins what comes within one turn, in order (WAMP, Batched Transport)", async () => {
  const sent: Uint8Array[] = [];
  const batch = new Batch((bytes) => sent.push(bytes.slice()));
  const message = Uint8Array.of(1, 2);
  batch.add(message);
  message.fill(0);
  batch.add(Uint8Array.of(3));
  assertEquals([batch.length, sent.length], [3, 0]);
  await settled();
  batch.add(Uint8Array.of(4));
  await settled();
  assertEquals(sent, [Uint8Array.of(1, 2, 3), Uint8Array.of(4)]);
  assertEquals(batch.length, 0);
});

Deno.test("Batch leaves at once at 64 KiB, and sends what is larger by itself", async () => {
  const [batch, sent] = recorded();
  for (let index = 0; index < 3; index++) batch.add(new Uint8Array(30_000));
  assertEquals(sent, [60_000]);
  batch.add(new Uint8Array(100_000));
  assertEquals(sent, [60_000, 30_000, 100_000]);
  await settled();
  assertEquals(sent.length, 3);
});

Deno.test("Batch can be flushed early, or dropped", async () => {
  const [batch, sent] = recorded();
  batch.add(new Uint8Array(1));
  batch.flush();
  batch.flush();
  batch.add(new Uint8Array(2));
  batch.clear();
  await settled();
  assertEquals([sent, batch.length], [[1], 0]);
});
