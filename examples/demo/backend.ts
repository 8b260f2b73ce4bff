/**
 * The backend: procedures that anybody may call, and a ticker.
 *
 * @module
 */

import { ApplicationError, type Invocation, type Session } from "@viaduct/viaduct/wamp";

/** How often the ticker publishes, in milliseconds. */
const TICK = 1_000;
/** How far apart the results of a countdown are, in milliseconds. */
const COUNT_STEP = 250;
const MAX_COUNT = 1_000;

/** A number among the arguments; anything else is answered with an error that says so. */
function numberAt(args: readonly unknown[], index: number, otherwise?: number): number {
  const value = args[index] ?? otherwise;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new ApplicationError("demo.error.not_a_number", [`Argument ${index} must be a number`], { received: value });
}

/** Resolves after a time, or at once when the call is cancelled. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
  });
}

function add({ args }: Invocation): number {
  return numberAt(args, 0) + numberAt(args, 1);
}

function square({ args }: Invocation): number {
  return numberAt(args, 0) ** 2;
}

function greet({ args, kwargs }: Invocation): string {
  return `${kwargs.greeting ?? "Hello"}, ${args[0] ?? "world"}!`;
}

/** What it yields are progressive results, for a caller who takes them; what it returns is the last. */
async function* countdown({ args, signal }: Invocation): AsyncGenerator<number, string> {
  const from = Math.min(numberAt(args, 0, 5), MAX_COUNT);
  for (let count = from; count > 0 && !signal.aborted; count--) {
    yield count;
    await pause(COUNT_STEP, signal);
  }
  return "lift-off";
}

function fail(): never {
  throw new ApplicationError("demo.error.on_purpose", ["This procedure always fails"], { see: "demo.add" });
}

/** Registers the procedures and starts the ticker. The session's end stops it. */
export async function runBackend(session: Session, log: (line: string) => void): Promise<void> {
  const procedures = { "demo.add": add, "demo.greet": greet, "demo.countdown": countdown, "demo.fail": fail };
  const registering = Object.entries(procedures).map(([uri, procedure]) =>
    session.register(uri, (invocation) => {
      log(`is called: ${uri} ${JSON.stringify(invocation.args)}`);
      return procedure(invocation);
    })
  );
  // The frontend calls this one all the time: nothing to tell.
  await Promise.all([...registering, session.register("demo.square", square)]);
  let count = 0;
  const ticker = setInterval(() => {
    void session.publish("demo.tick", [++count], { kwargs: { time: new Date().toISOString() } });
  }, TICK);
  void session.closed.then(() => clearInterval(ticker));
}
