import { join, type Session } from "../../../wamp/mod.ts";
import type { Transport, TransportInfo, TransportReceiver } from "../../../wamp/mod.ts";
import { createRouter } from "../../../wamp/router/mod.ts";
import { json, type Serializer } from "../../../wamp/serializers/mod.ts";
import { assertEquals } from "../../std.ts";
import { OPEN_REALM } from "../open_realm.ts";
import { runSessionSuite, SESSION_SUITE } from "../suite/suite.ts";

/** A transport that a program could have written: over a MessagePort, by the public interface alone. */
class PortTransport implements Transport {
  readonly serializer: Serializer = json;
  readonly info: TransportInfo = { kind: "local", remoteAddress: "", localAddress: "", isTls: false };
  readonly bufferedAmount = 0;
  readonly #port: MessagePort;
  #receiver: TransportReceiver | undefined;
  #waiting: Uint8Array[] = [];
  #isPaused = true;

  constructor(port: MessagePort) {
    this.#port = port;
    port.onmessage = ({ data }: MessageEvent<Uint8Array | null>) => {
      if (data === null) this.#end(true, "");
      else if (this.#isPaused) this.#waiting.push(data);
      else this.#receiver?.message(data);
    };
  }

  open(receiver: TransportReceiver): void {
    this.#receiver = receiver;
    setTimeout(() => this.resume());
  }

  send(bytes: Uint8Array): void {
    this.#port.postMessage(bytes);
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    for (const bytes of this.#waiting.splice(0)) this.#receiver?.message(bytes);
  }

  close(): void {
    this.#port.postMessage(null);
    this.#end(true, "");
  }

  fail(reason: string): void {
    this.#port.postMessage(null);
    this.#end(false, reason);
  }

  abort(): void {
    this.fail("");
  }

  #end(wasClean: boolean, reason: string): void {
    const receiver = this.#receiver;
    this.#receiver = undefined;
    this.#port.close();
    if (receiver !== undefined) queueMicrotask(() => receiver.closed({ wasClean, reason }));
  }
}

Deno.test("the session suite passes over a transport of a program's own", async () => {
  await using router = createRouter({ realms: [OPEN_REALM] });
  const joinOver = async (): Promise<Session> => {
    const { port1, port2 } = new MessageChannel();
    router.attach(new PortTransport(port1));
    return await join(new PortTransport(port2), { realm: "realm1" });
  };
  const results = await runSessionSuite(joinOver);
  assertEquals(results.filter(({ error }) => error !== undefined), []);
  assertEquals(results.map(({ check }) => check), SESSION_SUITE.map(({ name }) => name));
});
