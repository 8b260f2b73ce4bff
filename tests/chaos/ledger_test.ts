import { assertEquals } from "../std.ts";
import { Ledger } from "./ledger.ts";
import type { PartRecord, ToldStatus } from "./records.ts";

type What = PartRecord extends infer Union ? Union extends unknown ? Omit<Union, "who" | "at"> : never : never;

/** A ledger with a publisher and a subscriber that has had session 1 since 1,000. */
function makeLedger(): { readonly ledger: Ledger; take(who: string, at: number, what: What): void } {
  const ledger = new Ledger();
  ledger.add("publisher", []);
  ledger.add("subscriber", ["exact"]);
  const take = (who: string, at: number, what: What): void => ledger.take({ who, at, ...what } as PartRecord);
  for (const status of OPENING) take("subscriber", 1_000, { type: "status", status });
  return { ledger, take };
}

const OPENING: readonly ToldStatus[] = [
  { state: "connecting", transport: "ws://router", attempt: 1 },
  { state: "joining", transport: "ws://router", attempt: 1 },
  { state: "open", session: 1, transport: "ws://router", pending: 0 },
];
const LOST: ToldStatus = { state: "lost", cause: "cut", retryIn: 0 };

function textsOf(ledger: Ledger): readonly string[] {
  ledger.close();
  return ledger.failures.map(({ text }) => text);
}

Deno.test("Ledger wants an acknowledged publication to have reached whoever was up until a second after it", () => {
  const { ledger, take } = makeLedger();
  take("publisher", 2_000, { type: "publishing", id: "p1" });
  take("publisher", 2_010, { type: "published", id: "p1", outcome: "done", detail: "" });
  take("subscriber", 3_020, { type: "status", status: LOST });
  const times = "sent 1000 ms after its session was open, acknowledged 1010 ms before that was lost";
  assertEquals(textsOf(ledger), [`publication p1 did not reach subscriber by subscription exact: ${times}`]);
});

Deno.test("Ledger lets a publication be missing where the session was lost within that second, or the sending", () => {
  const { ledger, take } = makeLedger();
  take("publisher", 2_000, { type: "publishing", id: "p1" });
  take("publisher", 2_010, { type: "published", id: "p1", outcome: "done", detail: "" });
  take("publisher", 2_000, { type: "publishing", id: "p2" });
  take("publisher", 2_010, { type: "published", id: "p2", outcome: "lost", detail: "cut" });
  take("subscriber", 2_900, { type: "status", status: LOST });
  assertEquals(textsOf(ledger), []);
});

Deno.test("Ledger wants no call to be executed twice, nor one that was said not to have been sent", () => {
  const { ledger, take } = makeLedger();
  take("publisher", 1, { type: "calling", id: "c1" });
  take("subscriber", 2, { type: "executed", id: "c1" });
  take("subscriber", 3, { type: "executed", id: "c1" });
  take("publisher", 4, { type: "called", id: "c1", outcome: "done", detail: "" });
  take("publisher", 5, { type: "calling", id: "c2" });
  take("subscriber", 6, { type: "executed", id: "c2" });
  take("publisher", 7, { type: "called", id: "c2", outcome: "unsent", detail: "not connected" });
  assertEquals(textsOf(ledger), [
    "c1 was executed subscriber 2 times",
    "call c2 was executed, and its caller told that it cannot have been: not connected",
  ]);
});

Deno.test("Ledger wants every request to end, once", () => {
  const { ledger, take } = makeLedger();
  take("publisher", 1, { type: "calling", id: "c1" });
  take("publisher", 1, { type: "calling", id: "c2" });
  take("subscriber", 2, { type: "executed", id: "c2" });
  take("publisher", 3, { type: "called", id: "c2", outcome: "done", detail: "" });
  take("publisher", 4, { type: "called", id: "c2", outcome: "lost", detail: "cut" });
  assertEquals(textsOf(ledger), ["c2 ended twice: done, lost", "call c1 never ended"]);
});

Deno.test("Ledger counts what another process did before it hears that it was asked for", () => {
  const { ledger, take } = makeLedger();
  take("subscriber", 2, { type: "executed", id: "c1" });
  take("publisher", 1, { type: "calling", id: "c1" });
  take("publisher", 3, { type: "called", id: "c1", outcome: "done", detail: "" });
  assertEquals(textsOf(ledger), []);
});

Deno.test("Ledger wants each step to be told, and the next attempt not before its time", () => {
  const { ledger, take } = makeLedger();
  take("subscriber", 2_000, { type: "status", status: { ...LOST, retryIn: 100 } });
  take("subscriber", 2_050, { type: "status", status: OPENING[0]! });
  take("subscriber", 2_060, { type: "status", status: OPENING[2]! });
  assertEquals(textsOf(ledger).map((text) => text.split(": ").slice(0, 2).join(": ")), [
    "subscriber: status connecting after 50 ms, and 100 were told",
    "subscriber: status connecting was followed by open",
  ]);
});
