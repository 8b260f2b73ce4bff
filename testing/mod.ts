/**
 * What tests of programs need that use Viaduct: sockets and sessions in memory, and a clock that the test moves. They
 * are the real ones but for the network, and need no permission.
 *
 * @example A procedure, its caller, and no waiting
 * ```ts
 * import { FakeClock, testRouter } from "@viaduct/viaduct/testing";
 * import assert from "node:assert/strict";
 *
 * const clock = new FakeClock().install();
 * try {
 *   await using wamp = testRouter();
 *   const [backend, frontend] = await Promise.all([wamp.join(), wamp.join()]);
 *   await backend.register("com.example.slow", () => new Promise((done) => setTimeout(done, 60_000, "done")));
 *   assert.equal(await clock.until(frontend.call("com.example.slow")), "done");
 * } finally {
 *   clock.uninstall();
 * }
 * ```
 *
 * @module
 */

export type { ByteStream } from "../internal/stream.ts";
export { FakeClock, settled } from "./fake_clock.ts";
export { memoryPair, MemoryStream } from "./memory_stream.ts";
export { type SessionPair, sessionPair, type TestRouter, testRouter, type TestSessionOptions } from "./sessions.ts";
export { type SocketPair, socketPair, type SocketPairOptions } from "./sockets.ts";
export type { SessionOptions } from "../wamp/session.ts";
