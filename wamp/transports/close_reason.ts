/**
 * Reasons of close frames.
 * Sans-I/O.
 *
 * @module
 */

/** The longest reason of a close frame, in bytes of UTF-8 (RFC 6455 §5.5.1). */
const MAX_REASON = 123;

/** As much of a text as a close frame takes. @internal */
export function closeReason(text: string): string {
  const bytes = new Uint8Array(MAX_REASON);
  const { read } = new TextEncoder().encodeInto(text, bytes);
  return text.slice(0, read);
}
