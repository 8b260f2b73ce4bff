/**
 * The folder as WAMP procedures. A download is pulled: each part that the caller sends asks for one chunk. An upload is
 * acknowledged: each part is answered with how much is there. So nobody gets more than it has room for, whatever router
 * and network are in between.
 *
 * @module
 */

import { ApplicationError, type Invocation, type Session } from "@viaduct/viaduct/wamp";
import { TransferError } from "./files.ts";
import { refusalOf, type Store, type Upload } from "./store.ts";

/** What the errors of a transfer begin with; its code follows. */
export const ERROR_PREFIX = "files.error.";

/** First `[name, offset]`, then an empty part for each chunk wanted. Results in chunks, in the end the SHA-256. */
async function* download(store: Store, { parts }: Invocation): AsyncGenerator<Uint8Array, string> {
  let chunks: AsyncGenerator<Uint8Array, string> | undefined;
  try {
    for await (const { args: [name, offset] } of parts) {
      if (chunks === undefined) {
        chunks = await store.read(name, offset);
        continue;
      }
      const { done, value } = await chunks.next();
      if (done === true) return value;
      yield value;
    }
    const last = await chunks?.next();
    if (last?.done === true) return last.value;
    throw new TransferError("bad_request", "There is more than was asked for");
  } finally {
    await chunks?.return(""); // closes the file where the call was cancelled
  }
}

/** First `[name, size]`, then `[chunk]`, in the end `{ sha256 }`. Results in how many bytes are there. */
async function* upload(store: Store, { parts }: Invocation): AsyncGenerator<number, number> {
  let file: Upload | undefined;
  try {
    for await (const { args: [first, size], kwargs: { sha256 } } of parts) {
      if (file === undefined) file = await store.receive(first, size);
      else if (first instanceof Uint8Array) await file.write(first);
      else if (typeof sha256 === "string") {
        await file.finish(sha256);
        return file.received;
      }
      yield file.received;
    }
    throw new TransferError("bad_request", "The checksum is missing");
  } finally {
    file?.[Symbol.dispose]();
  }
}

function toApplicationError(error: unknown): ApplicationError {
  const { code, message } = refusalOf(error);
  return new ApplicationError(ERROR_PREFIX + code, [message]);
}

/** Makes what goes wrong with a transfer known to its caller, unless that is who has ended it. */
async function* telling<Part, Result>(
  { signal }: Invocation,
  source: AsyncGenerator<Part, Result>,
): AsyncGenerator<Part, Result> {
  try {
    return yield* source;
  } catch (error) {
    throw signal.aborted ? error : toApplicationError(error);
  }
}

async function answer<Value>(value: Promise<Value>): Promise<Value> {
  try {
    return await value;
  } catch (error) {
    throw toApplicationError(error);
  }
}

/** Registers `files.list`, `files.size`, `files.download` and `files.upload`. */
export async function provideFiles(session: Session, store: Store): Promise<void> {
  await Promise.all([
    session.register("files.list", () => answer(store.list())),
    session.register("files.size", ({ args: [name] }) => answer(store.size(name))),
    session.register("files.download", (invocation) => telling(invocation, download(store, invocation))),
    session.register("files.upload", (invocation) => telling(invocation, upload(store, invocation))),
  ]);
}
