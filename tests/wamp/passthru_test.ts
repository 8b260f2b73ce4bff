import { ApplicationError, type Dict, SerializationError } from "../../wamp/errors.ts";
import { packArguments, PassthruCodecs, passthruIn, type PayloadCodec, unpackArguments } from "../../wamp/passthru.ts";
import type { Passthru } from "../../wamp/passthru_api.ts";
import { aes256gcm, encrypted } from "../../wamp/passthru_cipher.ts";
import { Payload } from "../../wamp/payload.ts";
import { cbor, json, msgpack } from "../../wamp/serializers/mod.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../std.ts";

const KEY = new Uint8Array(32).fill(7);

/** Encodes arguments, and gives them decoded again by other codecs. */
async function roundTrip(
  passthru: Passthru,
  codecs: readonly PayloadCodec[] = [],
  args: readonly unknown[] = [1, "two"],
  kwargs: Dict = { three: [3] },
): Promise<readonly [args: readonly unknown[], kwargs: Dict]> {
  const { options, payload } = await new PassthruCodecs(codecs).encode(passthru, args, kwargs);
  const received = passthruIn(options);
  assert(received !== undefined);
  const decoded = await new PassthruCodecs(codecs).decode(received, payload);
  return [decoded.args, decoded.kwargs];
}

async function failure(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    assert(error instanceof ApplicationError, String(error));
    return error.uri;
  }
  return "none";
}

Deno.test("a payload is one binary item that holds args and kwargs (WAMP, Payload Passthru Mode, Message Structure)", async () => {
  for (const { name, format } of [cbor, msgpack, json]) {
    const { options, payload } = await new PassthruCodecs().encode({ scheme: "x_a", serializer: name }, [1], { a: 2 });
    assertEquals(options, { ppt_scheme: "x_a", ppt_serializer: name });
    assertEquals(payload.count, 1);
    const [bytes, ...others] = payload.args;
    assert(bytes instanceof Uint8Array && others.length === 0);
    const reader = format.createReader();
    reader.reset(bytes, 0, bytes.length);
    assertEquals(reader.readValue(), { args: [1], kwargs: { a: 2 } });
  }
});

Deno.test("a payload comes back in each serializer, with bytes in it too", async () => {
  for (const serializer of ["cbor", "msgpack", "json"]) {
    assertEquals(await roundTrip({ scheme: "x_a", serializer }), [[1, "two"], { three: [3] }], serializer);
    assertEquals(await roundTrip({ scheme: "x_a", serializer }, [], [KEY], {}), [[KEY], {}], serializer);
    assertEquals(await roundTrip({ scheme: "x_a", serializer }, [], [], {}), [[], {}], serializer);
  }
});

Deno.test("the scheme wamp and encrypted payloads are cbor unless they say otherwise (WAMP, Payload Passthru Mode)", async () => {
  const wire = async (passthru: Passthru): Promise<unknown> => {
    return (await new PassthruCodecs([aes256gcm({ keys: { "": KEY } })]).encode(passthru, [1], {})).options;
  };
  assertEquals(await wire({ scheme: "wamp" }), { ppt_scheme: "wamp", ppt_serializer: "cbor" });
  assertEquals(await wire({ scheme: "x_a", cipher: "aes256gcm" }), {
    ppt_scheme: "x_a",
    ppt_serializer: "cbor",
    ppt_cipher: "aes256gcm",
  });
  assertEquals(await wire({ scheme: "mqtt" }), { ppt_scheme: "mqtt" });
});

Deno.test("a native payload goes as it is (WAMP, Payload Passthru Mode, MQTT Predefined Scheme)", async () => {
  for (const passthru of [{ scheme: "mqtt" }, { scheme: "mqtt", serializer: "native" }]) {
    const { payload } = await new PassthruCodecs().encode(passthru, [KEY], {});
    assertEquals(payload.args, [KEY]);
    assert(new PassthruCodecs().decode(passthru, payload) === payload);
    const packed = await new PassthruCodecs().encode(passthru, ["text", KEY], { a: 1 });
    assertEquals(packed.payload.args, [{ args: ["text", KEY], kwargs: { a: 1 } }], "packed as all are, not serialized");
    assertEquals(await roundTrip(passthru, [], ["text", KEY], { a: 1 }), [["text", KEY], { a: 1 }]);
    assertEquals(await roundTrip(passthru, [], [], {}), [[], {}]);
  }
});

Deno.test("a codec is found by its scheme and cipher, the first that fits", async () => {
  const named = (name: string, options: Partial<PayloadCodec> = {}): PayloadCodec => ({
    encode: () => new TextEncoder().encode(name),
    decode: (bytes) => ({ args: [name, new TextDecoder().decode(bytes)] }),
    ...options,
  });
  const codecs = [named("a", { scheme: "x_a" }), named("b", { scheme: "x_a", cipher: "c" }), named("any")];
  assertEquals((await roundTrip({ scheme: "x_a" }, codecs))[0], ["a", "a"]);
  assertEquals((await roundTrip({ scheme: "x_a", cipher: "c" }, codecs))[0], ["b", "b"]);
  assertEquals((await roundTrip({ scheme: "x_other" }, codecs))[0], ["any", "any"]);
});

Deno.test("a payload that nobody here knows is refused", async () => {
  const codecs = new PassthruCodecs();
  const unsupported = "wamp.error.feature_not_supported";
  assertEquals(await failure(() => codecs.encode({ scheme: "wamp", serializer: "flatbuffers" }, [], {})), unsupported);
  assertEquals(await failure(() => codecs.encode({ scheme: "wamp", cipher: "aes256gcm" }, [], {})), unsupported);
  const payload = Payload.of([KEY]);
  assertEquals(await failure(() => codecs.decode({ scheme: "wamp", serializer: "flatbuffers" }, payload)), unsupported);
  assertEquals(await failure(() => codecs.decode({ scheme: "x_a", cipher: "x" }, payload)), unsupported);
  await assertRejects(() => codecs.encode({ scheme: "" }, [], {}), TypeError, "scheme");
  await assertRejects(() => codecs.encode({ scheme: "x_a", serializer: "cbor" }, [() => 1], {}), SerializationError);
  const wrong = new PassthruCodecs([{ encode: () => "text" as never, decode: () => ({}) }]);
  await assertRejects(() => wrong.encode({ scheme: "x_a" }, [], {}), SerializationError, "no bytes");
});

Deno.test("a payload of another form is wamp.error.invalid_payload", async () => {
  const codecs = new PassthruCodecs([{ cipher: "bad", encode: () => KEY, decode: () => 5 as never }]);
  const passthru = { scheme: "x_a", serializer: "json" };
  const text = (value: string): Payload => Payload.of([new TextEncoder().encode(value)]);
  for (
    const payload of [
      Payload.EMPTY,
      Payload.of(["text"]),
      Payload.of([5]),
      Payload.of([KEY, 1]),
      Payload.of([KEY], { a: 1 }),
      text("{"),
      text('{"args":[]} x'),
      text('{"args":{}}'),
      text('{"kwargs":[]}'),
    ]
  ) {
    assertEquals(await failure(() => codecs.decode(passthru, payload)), "wamp.error.invalid_payload");
  }
  assertEquals(await failure(() => codecs.decode({ scheme: "x_a", cipher: "bad" }, text(""))), "none", "nothing in it");
  assertEquals(unpackArguments(packArguments([1], {}, "cbor"), "cbor"), { args: [1], kwargs: {} });
  const fromWampy = codecs.decode(passthru, Payload.of(['{"args":["ö"]}'])) as Payload;
  assertEquals(fromWampy.args, ["ö"], "a string where bytes should be");
  const missing = codecs.decode(passthru, text('{"args":null}')) as Payload;
  assertEquals([missing.args, missing.kwargs], [[], {}]);
});

Deno.test("passthruIn knows the mode by a scheme that is not empty (WAMP, ppt_scheme Attribute)", () => {
  assertEquals(passthruIn({}), undefined);
  assertEquals(passthruIn({ ppt_scheme: "", ppt_cipher: "c" }), undefined);
  assertEquals(passthruIn({ ppt_scheme: "s", ppt_serializer: "json", ppt_cipher: "c", ppt_keyid: "k" }), {
    scheme: "s",
    serializer: "json",
    cipher: "c",
    keyid: "k",
  });
});

Deno.test("payloads are encoded in the order of the calls, however long one takes", async () => {
  const waiting: ((bytes: Uint8Array) => void)[] = [];
  const codecs = new PassthruCodecs([{
    encode: () => new Promise((resolve) => waiting.push(resolve)),
    decode: () => ({}),
  }]);
  const order: number[] = [];
  const work = [1, 2, 3].map((id) =>
    codecs.encode({ scheme: "x_a" }, [id], {}).then(() => order.push(id), () => order.push(-id))
  );
  waiting[2]!(KEY);
  waiting[1]!("none" as never);
  await Promise.resolve();
  assertEquals(order, []);
  waiting[0]!(KEY);
  await Promise.all(work);
  assertEquals(order, [1, -2, 3]);
});

Deno.test("aes256gcm encrypts by a key that is named, with another nonce each time", async () => {
  const keys = { "": KEY, other: new Uint8Array(32).fill(9) };
  for (const keyid of [undefined, "other"]) {
    const passthru = { scheme: "wamp", cipher: "aes256gcm", ...(keyid !== undefined && { keyid }) };
    assertEquals(await roundTrip(passthru, [aes256gcm({ keys })]), [[1, "two"], { three: [3] }]);
  }
  const codecs = new PassthruCodecs([aes256gcm({ keys, scheme: "wamp" })]);
  const encode = async (): Promise<Uint8Array> => {
    const { payload } = await codecs.encode({ scheme: "wamp", cipher: "aes256gcm" }, ["secret"], {});
    return payload.args[0] as Uint8Array;
  };
  const [first, second] = [await encode(), await encode()];
  assertEquals(first.length, 12 + packArguments(["secret"], {}, "cbor").length + 16);
  assert(first.join() !== second.join(), "two of the same are not the same");
  assert(!new TextDecoder().decode(first).includes("secret"));
});

Deno.test("aes256gcm opens what WebCrypto sealed under a nonce in front", async () => {
  const key = await crypto.subtle.importKey("raw", KEY, "AES-GCM", false, ["encrypt"]);
  const iv = new Uint8Array(12).fill(3);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, packArguments([42], {}, "json"));
  const bytes = new Uint8Array([...iv, ...new Uint8Array(sealed)]);
  const decoded = await aes256gcm({ keys: { "": KEY } }).decode(bytes, { scheme: "wamp", serializer: "json" });
  assertEquals(decoded, { args: [42], kwargs: {} });
});

Deno.test("aes256gcm takes nothing that was changed, is too short, or has another key", async () => {
  const codecs = new PassthruCodecs([aes256gcm({ keys: { "": KEY } })]);
  const passthru = { scheme: "wamp", serializer: "cbor", cipher: "aes256gcm" };
  const { payload } = await codecs.encode(passthru, ["secret"], {});
  const bytes = payload.args[0] as Uint8Array;
  const changed = bytes.slice();
  changed[changed.length - 1]! ^= 1;
  const other = new PassthruCodecs([aes256gcm({ keys: { "": new Uint8Array(32) } })]);
  const invalid = "wamp.error.invalid_payload";
  assertEquals(await failure(() => codecs.decode(passthru, Payload.of([changed]))), invalid);
  assertEquals(await failure(() => codecs.decode(passthru, Payload.of([bytes.slice(0, 20)]))), invalid);
  assertEquals(await failure(() => codecs.decode({ ...passthru, keyid: "none" }, payload)), invalid);
  assertEquals(await failure(() => other.decode(passthru, payload)), invalid);
  await assertRejects(() => codecs.encode({ ...passthru, keyid: "none" }, [], {}), RangeError, "no key");
  assertThrows(() => aes256gcm({ keys: { a: new Uint8Array(16) } }), RangeError, "32 bytes");
});

Deno.test("encrypted() makes a codec of an injected cipher, such as xsalsa20poly1305", async () => {
  const flip = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => byte ^ 0x55);
  const codec = encrypted({
    cipher: "xsalsa20poly1305",
    scheme: "wamp",
    encrypt: flip,
    decrypt: async (bytes) => await flip(bytes),
  });
  const passthru = { scheme: "wamp", serializer: "msgpack", cipher: "xsalsa20poly1305", keyid: "k" };
  assertEquals(await roundTrip(passthru, [codec]), [[1, "two"], { three: [3] }]);
  assertEquals(
    await failure(() => roundTrip({ ...passthru, scheme: "x_a" }, [codec])),
    "wamp.error.feature_not_supported",
  );
});
