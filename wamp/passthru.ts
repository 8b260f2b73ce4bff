/**
 * Payload passthru mode: payloads that a router hands on without looking inside, since they are of another technology
 * or encrypted (WAMP, Payload Passthru Mode).
 *
 * @module
 */

import { ApplicationError, type Dict, SerializationError } from "./errors.ts";
import type { Format } from "./format.ts";
import type { PassthruOptions } from "./messages.ts";
import type { Passthru } from "./passthru_api.ts";
import { Payload } from "./payload.ts";
import { CBOR_FORMAT } from "./serializers/cbor.ts";
import { JSON_FORMAT } from "./serializers/json.ts";
import { MSGPACK_FORMAT } from "./serializers/msgpack.ts";
import type { Arguments } from "./session_api.ts";
import { ERROR_URI } from "./uris.ts";

/**
 * Turns arguments into the bytes of a payload that is passed through, and back. A session uses the first of its codecs
 * whose `scheme` and `cipher` are those of the message; without any it serializes as `ppt_serializer` says, unencrypted.
 *
 * @example A scheme of one's own
 * ```ts
 * import { join, type PayloadCodec } from "@viaduct/viaduct/wamp";
 * import { createRouter, serveRouter } from "@viaduct/viaduct/wamp/router";
 * import assert from "node:assert/strict";
 *
 * const reversed: PayloadCodec = {
 *   scheme: "x_reversed",
 *   encode: (args) => new TextEncoder().encode(String(args[0])).reverse(),
 *   decode: (bytes) => ({ args: [new TextDecoder().decode(bytes.toReversed())] }),
 * };
 * await using router = createRouter();
 * await using server = await serveRouter(router, { hostname: "127.0.0.1", port: 0 });
 * await using session = await join(server.url, { realm: "realm1", passthru: [reversed] });
 * await session.register("com.example.echo", ({ args }) => args[0]);
 * assert.equal(await session.call("com.example.echo", ["abc"], { passthru: { scheme: "x_reversed" } }), "abc");
 * ```
 *
 * @public
 */
export interface PayloadCodec {
  /** The `ppt_scheme` that it is for. @default {every scheme} */
  readonly scheme?: string;
  /** The `ppt_cipher` that it is for. @default {payloads that are not encrypted} */
  readonly cipher?: string;
  /**
   * Makes the bytes.
   *
   * @param args Positional arguments.
   * @param kwargs Keyword arguments.
   * @param passthru How the payload is passed through.
   */
  encode(args: readonly unknown[], kwargs: Readonly<Dict>, passthru: Passthru): Uint8Array | PromiseLike<Uint8Array>;
  /**
   * Takes the bytes apart. What it throws, the program hears as `wamp.error.invalid_payload`.
   *
   * @param bytes The bytes; valid as long as wanted.
   * @param passthru How the payload was passed through.
   */
  decode(bytes: Uint8Array, passthru: Passthru): Arguments | PromiseLike<Arguments>;
}

/** What a message takes with it. @internal */
export interface EncodedPayload {
  /** For its Options. */
  readonly options: PassthruOptions;
  readonly payload: Payload;
}

const FORMATS: Readonly<Record<string, Format>> = {
  cbor: CBOR_FORMAT,
  json: JSON_FORMAT,
  msgpack: MSGPACK_FORMAT,
};

/** The format that a `ppt_serializer` names, where it is one of ours. */
function formatOf(serializer: string | undefined): Format | undefined {
  return serializer !== undefined && Object.hasOwn(FORMATS, serializer) ? FORMATS[serializer] : undefined;
}

/**
 * How a payload was passed through, by the Options or Details of its message; `undefined` where it was not
 * (WAMP, Payload Passthru Mode, ppt_scheme Attribute).
 *
 * @internal
 */
export function passthruIn(
  { ppt_scheme, ppt_serializer, ppt_cipher, ppt_keyid }: PassthruOptions,
): Passthru | undefined {
  if (ppt_scheme === undefined || ppt_scheme === "") return undefined;
  return {
    scheme: ppt_scheme,
    ...(ppt_serializer !== undefined && { serializer: ppt_serializer }),
    ...(ppt_cipher !== undefined && { cipher: ppt_cipher }),
    ...(ppt_keyid !== undefined && { keyid: ppt_keyid }),
  };
}

/**
 * Arguments as the bytes of the form that the specification gives them, `{ args, kwargs }`, in a `ppt_serializer`
 * (WAMP, Payload Passthru Mode, Message Structure).
 *
 * @param args Positional arguments.
 * @param kwargs Keyword arguments.
 * @param serializer `cbor`, `msgpack` or `json`.
 * @throws {ApplicationError} It is none of these: `wamp.error.feature_not_supported`.
 * @throws {SerializationError} A value cannot be written.
 *
 * @internal
 */
export function packArguments(
  args: readonly unknown[],
  kwargs: Readonly<Dict>,
  serializer: string | undefined,
): Uint8Array<ArrayBuffer> {
  const format = formatOf(serializer);
  if (format === undefined) throw unsupported(`ppt_serializer ${serializer}`);
  const writer = format.createWriter();
  writer.begin(0);
  writer.value({ args, kwargs });
  return writer.finish().slice();
}

/**
 * The arguments in such bytes.
 *
 * @param bytes The bytes.
 * @param serializer `cbor`, `msgpack` or `json`.
 * @throws {ApplicationError} They hold no arguments: `wamp.error.invalid_payload`.
 *
 * @internal
 */
export function unpackArguments(bytes: Uint8Array, serializer: string | undefined): Arguments {
  const format = formatOf(serializer);
  if (format === undefined) throw unsupported(`ppt_serializer ${serializer}`);
  const reader = format.createReader();
  let value: unknown;
  try {
    reader.reset(bytes, 0, bytes.length);
    value = reader.readValue();
    reader.expectEnd();
  } catch (error) {
    throw invalidPayload(`is no ${serializer}`, error);
  }
  return checkArguments(value);
}

/** Takes part of a message through codecs, in the order of the messages. @internal */
export class PassthruCodecs {
  readonly #codecs: readonly PayloadCodec[];
  /** Settles when all that was begun to be encoded has been. */
  #encoding: Promise<unknown> | undefined;

  /** With these, the first that fits. */
  constructor(codecs: readonly PayloadCodec[] = []) {
    this.#codecs = codecs;
  }

  #find({ scheme, cipher }: Passthru): PayloadCodec | undefined {
    return this.#codecs.find((codec) => {
      return (codec.scheme === undefined || codec.scheme === scheme) && codec.cipher === cipher;
    });
  }

  /**
   * Encodes arguments. Resolves in the order of the calls, whatever a codec takes.
   *
   * @throws {ApplicationError} There is no codec for it: `wamp.error.feature_not_supported`.
   * @throws {SerializationError} The arguments cannot be encoded.
   */
  async encode(passthru: Passthru, args: readonly unknown[], kwargs: Readonly<Dict>): Promise<EncodedPayload> {
    const before = this.#encoding;
    const work = this.#encode(passthru, args, kwargs);
    const all = this.#encoding = Promise.allSettled([before, work]);
    try {
      await before;
      return await work;
    } finally {
      if (this.#encoding === all) this.#encoding = undefined;
    }
  }

  async #encode(asked: Passthru, args: readonly unknown[], kwargs: Readonly<Dict>): Promise<EncodedPayload> {
    const passthru = complete(asked);
    const { scheme, serializer, cipher, keyid } = passthru;
    const options: PassthruOptions = {
      ppt_scheme: scheme,
      ...(serializer !== undefined && { ppt_serializer: serializer }),
      ...(cipher !== undefined && { ppt_cipher: cipher }),
      ...(keyid !== undefined && { ppt_keyid: keyid }),
    };
    const codec = this.#find(passthru);
    if (codec === undefined && isNative(passthru)) return { options, payload: packNative(args, kwargs) };
    if (codec === undefined && cipher !== undefined) throw unsupported(`ppt_cipher ${cipher}`);
    const bytes = codec === undefined
      ? packArguments(args, kwargs, serializer)
      : await codec.encode(args, kwargs, passthru);
    if (!(bytes instanceof Uint8Array)) throw new SerializationError("Cannot encode payload: the codec gave no bytes");
    return { options, payload: Payload.of([bytes]) };
  }

  /**
   * Decodes a payload, at once where its codec does.
   *
   * @param passthru How it was passed through.
   * @param payload The payload; retained where it must be.
   * @returns The payload as it was before.
   * @throws {ApplicationError} `wamp.error.feature_not_supported`: there is no codec for it; `wamp.error.invalid_payload`:
   * it cannot be decoded.
   */
  decode(passthru: Passthru, payload: Payload): Payload | Promise<Payload> {
    const { cipher, serializer } = passthru;
    const codec = this.#find(passthru);
    if (codec === undefined && isNative(passthru)) return unpackNative(payload);
    if (codec === undefined && cipher !== undefined) throw unsupported(`ppt_cipher ${cipher}`);
    const bytes = bytesOf(payload, serializer);
    if (codec === undefined) return toPayload(unpackArguments(bytes, serializer));
    return this.#decodeBy(codec, bytes, passthru);
  }

  async #decodeBy(codec: PayloadCodec, bytes: Uint8Array, passthru: Passthru): Promise<Payload> {
    try {
      return toPayload(checkArguments(await codec.decode(bytes, passthru)));
    } catch (error) {
      // What exactly is wrong with an encrypted payload is nobody's business.
      throw error instanceof ApplicationError ? error : invalidPayload("cannot be decoded", error);
    }
  }
}

/** What is understood: an encrypted payload must be bytes before, as those of the scheme `wamp` always are. */
function complete(passthru: Passthru): Passthru {
  const { scheme, serializer, cipher } = passthru;
  if (typeof scheme !== "string" || scheme === "") {
    throw new TypeError("Cannot pass payload through: scheme must be a string that is not empty");
  }
  return serializer === undefined && (cipher !== undefined || scheme === "wamp")
    ? { ...passthru, serializer: "cbor" }
    : passthru;
}

/** Whether the arguments go as they are (WAMP, Payload Passthru Mode, ppt_serializer Attribute). */
function isNative({ serializer, cipher }: Passthru): boolean {
  return cipher === undefined && (serializer === undefined || serializer === "native");
}

/**
 * What is not serialized beforehand: one binary argument goes as it is, since it is of another technology; others are
 * packed like all, but by the session's serializer (WAMP, Payload Passthru Mode, Message Structure).
 */
function packNative(args: readonly unknown[], kwargs: Readonly<Dict>): Payload {
  const isBinary = args.length === 1 && args[0] instanceof Uint8Array && Object.keys(kwargs).length === 0;
  return Payload.of(isBinary ? args : [{ args, kwargs }]);
}

function unpackNative(payload: Payload): Payload {
  const [packed, ...others] = payload.args;
  const isPacked = typeof packed === "object" && packed !== null && !ArrayBuffer.isView(packed) &&
    others.length === 0 &&
    ("args" in packed || "kwargs" in packed);
  return isPacked ? toPayload(checkArguments(packed)) : payload;
}

/** The one binary argument (WAMP, Payload Passthru Mode, Message Structure). Wampy sends JSON as a string, all the same. */
function bytesOf(payload: Payload, serializer: string | undefined): Uint8Array {
  const [first, ...others] = payload.args;
  const bytes = typeof first === "string" && serializer === "json" ? new TextEncoder().encode(first) : first;
  if (bytes instanceof Uint8Array && others.length === 0 && Object.keys(payload.kwargs).length === 0) return bytes;
  throw invalidPayload("must be one binary argument");
}

function toPayload({ args, kwargs }: Arguments): Payload {
  return Payload.of(args, kwargs);
}

function checkArguments(value: unknown): Arguments {
  const { args = [], kwargs = {} } = (value ?? {}) as { readonly args?: unknown; readonly kwargs?: unknown };
  const isDict = typeof (kwargs ?? {}) === "object" && !Array.isArray(kwargs) && !ArrayBuffer.isView(kwargs);
  if (Array.isArray(args ?? []) && isDict) {
    return { args: (args ?? []) as readonly unknown[], kwargs: (kwargs ?? {}) as Dict };
  }
  throw invalidPayload("must have the form { args, kwargs }");
}

function invalidPayload(what: string, cause?: unknown): ApplicationError {
  const text = `The payload that was passed through ${what}`;
  return new ApplicationError(ERROR_URI.INVALID_PAYLOAD, [text], {}, { cause });
}

function unsupported(what: string): ApplicationError {
  return new ApplicationError(ERROR_URI.FEATURE_NOT_SUPPORTED, [`Cannot pass payload through: no codec for ${what}`]);
}
