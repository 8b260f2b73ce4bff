import { CLIENT_ROLES, hasFeature } from "../../wamp/features.ts";
import { assert, assertEquals } from "../std.ts";

Deno.test("The client announces the four roles of clients, each feature as true (WAMP, Feature Announcement)", () => {
  assertEquals(Object.keys(CLIENT_ROLES).sort(), ["callee", "caller", "publisher", "subscriber"]);
  for (const { features = {} } of Object.values(CLIENT_ROLES)) {
    assert(Object.keys(features).length > 0);
    assert(Object.values(features).every((value) => value === true));
  }
});

Deno.test("A callee of progressive results and invocations announces canceling too (WAMP, Progressive Call Results)", () => {
  for (const feature of ["call_canceling", "progressive_call_results", "progressive_call_invocations"]) {
    assert(hasFeature(CLIENT_ROLES, "callee", feature), feature);
    assert(hasFeature(CLIENT_ROLES, "caller", feature), feature);
  }
});

Deno.test("hasFeature takes both spellings of canceling", () => {
  for (const name of ["call_canceling", "call_cancelling"]) {
    assert(hasFeature({ dealer: { features: { [name]: true } } }, "dealer", "call_canceling"), name);
  }
});

Deno.test("hasFeature is false for what is absent, not true, or of an object's own", () => {
  assertEquals(hasFeature(undefined, "dealer", "call_timeout"), false);
  assertEquals(hasFeature({}, "dealer", "call_timeout"), false);
  assertEquals(hasFeature({ dealer: {} }, "dealer", "call_timeout"), false);
  assertEquals(hasFeature({ dealer: { features: {} } }, "dealer", "call_timeout"), false);
  assertEquals(hasFeature({ dealer: { features: { call_timeout: false } } }, "dealer", "call_timeout"), false);
  assertEquals(hasFeature({}, "constructor", "call_timeout"), false);
  assertEquals(hasFeature({ dealer: { features: {} } }, "dealer", "constructor"), false);
});
