/**
 * Reads what comes over a plain WebSocket, at both ends.
 *
 * @module
 */

import { ConnectionClosedError, type IncomingMessage } from "@viaduct/viaduct";
import { TransferError } from "./files.ts";

/** The longest request and answer, in bytes; a list of files may be long. */
const MAX_TEXT = 1 << 20;

/** Reads a message of text. */
export async function readJson(message: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  if (!message.isText) throw new TransferError("bad_request", "Text was expected, received bytes");
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of message) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MAX_TEXT) throw new TransferError("bad_request", "The text is too long");
  }
  const value = parse(text);
  if (typeof value === "object" && value !== null) return { ...value };
  throw new TransferError("bad_request", "The text must be a JSON object");
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new TransferError("bad_request", "The text must be JSON");
  }
}

/** The next message; throws where the connection ends instead. */
export async function nextMessage(messages: AsyncIterator<IncomingMessage>): Promise<IncomingMessage> {
  const { done, value } = await messages.next();
  if (done === true) throw new ConnectionClosedError("The connection has ended in the middle");
  return value;
}
