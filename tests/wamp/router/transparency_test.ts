import { Payload } from "../../../wamp/payload.ts";
import { CBOR_FORMAT } from "../../../wamp/serializers/cbor.ts";
import { assertEquals } from "../../std.ts";
import { member } from "./core_fixture.ts";
import { Desk } from "./dealer_fixture.ts";

/** The byte 5 in place of arguments. */
function opaque(): Payload {
  return Payload.opaque(CBOR_FORMAT, Uint8Array.of(0x41, 5), 0, 2);
}

const OPTIONS = { enc_algo: "x_a", enc_key: "k" };
const DETAILS = '{"enc_algo":"x_a","enc_key":"k"}';
const BYTES = JSON.stringify([Uint8Array.of(5)]);

Deno.test("Dealer takes further parts as bytes only where the first were bytes (payload transparency)", () => {
  const [caller, callee] = [member(1), member(2)];
  const desk = new Desk();
  desk.register(callee, "a.b");
  const options = { ...OPTIONS, progress: true };
  const details = DETAILS.replace("}", ',"progress":true}');
  assertEquals(desk.call(caller, 1, "a.b", options, opaque()), [`2 INVOCATION 1 1 ${details} ${BYTES}`]);
  assertEquals(desk.call(caller, 1, "a.b", OPTIONS, opaque()), [`2 INVOCATION 1 1 ${DETAILS} ${BYTES}`]);
  assertEquals(desk.call(caller, 2, "a.b", { progress: true }, Payload.of([1])), [
    '2 INVOCATION 2 1 {"progress":true} [1]',
  ]);
  assertEquals(desk.call(caller, 2, "a.b", OPTIONS, opaque()), ["1 ABORT unexpected_message"]);
});

Deno.test("Dealer looks for a callee that knows bytes in place of arguments (payload transparency)", () => {
  const [caller, plain, able] = [member(1), member(2, { features: { calleeTransparency: false } }), member(3)];
  const desk = new Desk();
  desk.register(plain, "a.b", { invoke: "first" });
  assertEquals(desk.call(caller, 1, "a.b", OPTIONS, opaque()), ["1 ERROR CALL 1 wamp.error.feature_not_supported"]);
  desk.register(able, "a.b", { invoke: "first" });
  assertEquals(desk.call(caller, 2, "a.b", OPTIONS, opaque()), [`3 INVOCATION 1 1 ${DETAILS} ${BYTES}`]);
  assertEquals(desk.call(caller, 3, "a.b", OPTIONS, Payload.of([1])), [`2 INVOCATION 1 1 ${DETAILS} [1]`]);
});

Deno.test("Dealer drops keys of transparency that stand without enc_algo", () => {
  const [caller, callee] = [member(1), member(2)];
  const desk = new Desk();
  desk.register(callee, "a.b");
  assertEquals(desk.call(caller, 1, "a.b", { enc_key: "k" }, Payload.of([1])), ["2 INVOCATION 1 1 {} [1]"]);
});
