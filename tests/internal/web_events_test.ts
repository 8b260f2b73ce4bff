import { closeEvent, errorEvent } from "../../internal/web_events.ts";
import { assert, assertEquals, assertInstanceOf } from "../std.ts";

const FIELDS = { code: 1001, reason: "bye", wasClean: true };

Deno.test("closeEvent makes the runtime's CloseEvent, or an Event of its shape", () => {
  const native = closeEvent(FIELDS);
  assertInstanceOf(native, CloseEvent);
  for (const event of [native, closeEvent(FIELDS, {})]) {
    assertInstanceOf(event, Event);
    assert("code" in event && "reason" in event && "wasClean" in event);
    const { type, code, reason, wasClean } = event;
    assertEquals({ type, code, reason, wasClean }, { type: "close", ...FIELDS });
  }
});

Deno.test("errorEvent makes the runtime's ErrorEvent, or an Event of its shape", () => {
  const error = new Error("Broken");
  const native = errorEvent(error);
  assertInstanceOf(native, ErrorEvent);
  for (const event of [native, errorEvent(error, {})]) {
    assertInstanceOf(event, Event);
    assert("error" in event && "message" in event);
    assertEquals([event.type, event.error, event.message], ["error", error, "Broken"]);
  }
});
