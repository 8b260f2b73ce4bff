/**
 * Messages from and to the bytes of a format, by the table.
 * Sans-I/O.
 *
 * @module
 */

import { unreachable } from "../internal/assert.ts";
import { type Dict, WampProtocolError } from "./errors.ts";
import type { Format, ValueReader, ValueWriter } from "./format.ts";
import { isId } from "./ids.ts";
import type { Message } from "./messages.ts";
import { type FieldSpec, type MessageSpec, specOf } from "./message_table.ts";
import { Payload } from "./payload.ts";

/**
 * Writes one message. The writer must have begun.
 *
 * @throws {SerializationError} A value of the message cannot be written.
 *
 * @internal
 */
export function writeMessage(message: Message, writer: ValueWriter): void {
  const spec = specOf(message.type);
  if (spec === undefined) throw new TypeError(`Cannot encode message: unknown type ${message.type}`);
  // The table names the properties of each message's type.
  const fields: object = message;
  const values = fields as Readonly<Record<string, unknown>>;
  const payload = spec.hasPayload ? values.payload as Payload : Payload.EMPTY;
  let count = 1 + spec.fields.length + payload.count;
  const last = spec.fields[spec.fields.length - 1];
  if (last?.optional && values[last.name] === undefined) count--;
  writer.beginList(count);
  writer.integer(message.type);
  for (const field of spec.fields) writeField(field, values[field.name], writer);
  payload.writeTo(writer);
  writer.endList();
}

function writeField(field: FieldSpec, value: unknown, writer: ValueWriter): void {
  if (typeof value === "number") writer.integer(value);
  else if (typeof value === "string") writer.string(value);
  else if (value !== undefined || !field.optional) writer.value(value);
}

/**
 * Reads the message in `bytes[start..end]`. Its payload is a view of `bytes`.
 *
 * @throws {WampProtocolError} It is none, or breaks a rule of its type.
 *
 * @internal
 */
export function readMessage(
  reader: ValueReader,
  format: Format,
  bytes: Uint8Array,
  start: number,
  end: number,
): Message {
  reader.reset(bytes, start, end);
  reader.enterList();
  const spec = readSpec(reader);
  const fields: unknown[] = [];
  let more = true;
  for (const field of spec.fields) {
    more = reader.next();
    if (more) fields.push(readField(spec, field, reader));
    else if (!field.optional) throw malformed(`${spec.name} ends before its ${field.name}`);
  }
  let payload = Payload.EMPTY;
  if (more && reader.next()) {
    if (!spec.hasPayload) throw malformed(`${spec.name} has more than ${1 + spec.fields.length} elements`);
    payload = reader.kind() === "list"
      ? readPayload(spec, reader, format, bytes)
      : readOpaque(spec, fields, reader, format, bytes);
  }
  reader.expectEnd();
  return spec.create(fields, payload);
}

function readSpec(reader: ValueReader): MessageSpec {
  if (!reader.next()) throw malformed("The list is empty: expected a message type");
  const code = reader.readInteger();
  const spec = specOf(code);
  if (spec === undefined) throw malformed(`Unknown message type ${code}`);
  return spec;
}

function readField(spec: MessageSpec, field: FieldSpec, reader: ValueReader): unknown {
  const { kind } = field;
  try {
    switch (kind) {
      case "id":
      case "reference":
      case "integer": {
        const value = reader.readInteger();
        if (isId(value) || (value === 0 && kind !== "id")) return value;
        throw malformed(`Expected an integer from 1 to 2^53, found ${value}`);
      }
      case "string":
        return reader.readString();
      case "uri":
        return reader.readUri();
      case "dict":
        return checkKeys(spec, reader.readDict());
      default:
        return unreachable(kind);
    }
  } catch (error) {
    throw located(error, spec, field);
  }
}

/** Says in which field something of the wrong kind was found: readers do not know. */
function located(error: unknown, spec: MessageSpec, field: FieldSpec): unknown {
  if (!(error instanceof WampProtocolError) || error.code !== "invalid_message") return error;
  return malformed(`${spec.name}.${field.name}: ${error.message}`);
}

/** Checks the known keys of Options or Details. A value that says "nothing" counts as absent: some clients send those. */
function checkKeys(spec: MessageSpec, dict: Dict): Dict {
  for (const key of Object.keys(dict)) {
    const rule = spec.keys.get(key);
    if (rule === undefined) continue;
    const value = dict[key];
    if (value === undefined || value === null) delete dict[key];
    else if (!rule.accepts(value)) throw malformed(`Expected ${rule.expected} as ${key}`);
  }
  return dict;
}

function readPayload(spec: MessageSpec, reader: ValueReader, format: Format, bytes: Uint8Array): Payload {
  const start = reader.position;
  reader.skip();
  let end = reader.position;
  if (!reader.next()) return Payload.wire(format, bytes, 1, start, start, end);
  const split = reader.position;
  if (reader.kind() !== "dict") throw malformed(`${spec.name}.ArgumentsKw is not a dictionary`);
  reader.skip();
  end = reader.position;
  if (reader.next()) throw malformed(`${spec.name} goes on after its ArgumentsKw`);
  return Payload.wire(format, bytes, 2, start, split, end);
}

/** Bytes in place of the arguments, where `enc_algo` says that they are meant: payload transparency, as Autobahn has it. */
function readOpaque(
  spec: MessageSpec,
  fields: readonly unknown[],
  reader: ValueReader,
  format: Format,
  bytes: Uint8Array,
): Payload {
  const dict = fields[spec.fields.findIndex(({ kind }) => kind === "dict")] as Dict | undefined;
  const start = reader.position;
  const isMeant = typeof dict?.enc_algo === "string" && dict.enc_algo !== "";
  if (!isMeant || !(reader.readValue() instanceof Uint8Array)) throw malformed(`${spec.name}.Arguments is not a list`);
  const end = reader.position;
  if (reader.next()) throw malformed(`${spec.name} goes on after the bytes of its payload`);
  return Payload.opaque(format, bytes, start, end);
}

function malformed(message: string): WampProtocolError {
  return new WampProtocolError("invalid_message", message);
}
