import { Attempt } from "../../internal/attempt.ts";
import type { ByteStream } from "../../internal/stream.ts";
import { assertEquals, assertRejects, assertThrows } from "../std.ts";

/** A stream that counts how often it is closed; as with Deno's sockets, once too often throws. */
class Closable implements ByteStream {
  closed = 0;

  read(): Promise<null> {
    return Promise.resolve(null);
  }

  write(bytes: Uint8Array): Promise<number> {
    return Promise.resolve(bytes.length);
  }

  close(): void {
    if (this.closed++ > 0) throw new Error("closed already");
  }
}

const LATE = new Error("late");

function attemptWith(signal: AbortSignal | undefined, timeout = 60_000): Attempt {
  return new Attempt({ signal, timeout, late: LATE });
}

Deno.test("Attempt closes what it holds at the deadline, and what it is given later", async () => {
  const attempt = attemptWith(undefined, 1);
  const [held, later] = [attempt.hold(new Closable()), new Closable()];
  await new Promise((resolve) => attempt.signal.addEventListener("abort", resolve));
  assertEquals([attempt.signal.reason, held.closed], [LATE, 1]);
  assertThrows(() => attempt.hold(later), Error, "late");
  assertEquals(later.closed, 1);
  attempt.drop();
  attempt.finish();
});

Deno.test("Attempt ends with the caller's reason, and not once it has finished", () => {
  const controllers = [new AbortController(), new AbortController()] as const;
  const [aborted, finished] = controllers.map(({ signal }) => attemptWith(signal)) as [Attempt, Attempt];
  const streams = [aborted.hold(new Closable()), finished.hold(new Closable())] as const;
  finished.finish();
  for (const controller of controllers) controller.abort("enough");
  assertEquals(aborted.signal.reason, "enough");
  assertEquals([finished.signal.aborted, ...streams.map(({ closed }) => closed)], [false, 1, 0]);
  aborted.finish();
});

Deno.test("Attempt holds one stream, and none that was given away or is closed", () => {
  const attempt = attemptWith(undefined);
  const [under, over] = [attempt.hold(new Closable()), attempt.hold(new Closable())];
  over.close();
  attempt.drop();
  const given = attempt.hold(new Closable());
  attempt.release();
  attempt.drop();
  assertEquals([under.closed, over.closed, given.closed], [0, 2, 0]);
  attempt.finish();
});

Deno.test("Attempt does not wait for a dial that heeds no signal, and closes what it opens too late", async () => {
  const [controller, stream] = [new AbortController(), new Closable()];
  const attempt = attemptWith(controller.signal);
  const opening = Promise.withResolvers<ByteStream>();
  const dialled = attempt.dial(() => opening.promise);
  controller.abort(new Error("enough"));
  await assertRejects(() => dialled, Error, "enough");
  opening.resolve(stream);
  await opening.promise;
  await Promise.resolve();
  assertEquals(stream.closed, 1);
  attempt.finish();
});

Deno.test("Attempt holds what a dial opens, and passes on how it fails", async () => {
  const [attempt, stream] = [attemptWith(undefined), new Closable()];
  assertEquals(await attempt.dial(() => Promise.resolve(stream)), stream);
  await assertRejects(() => attempt.dial(() => Promise.reject(new Error("refused"))), Error, "refused");
  attempt.drop();
  assertEquals(stream.closed, 1);
  attempt.finish();
});
