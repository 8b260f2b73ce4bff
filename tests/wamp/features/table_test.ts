import type { Roles } from "../../../wamp/messages.ts";
import { HISTORY_ROLES, ROUTER_ROLES } from "../../../wamp/router/router_roles.ts";
import { assert, assertEquals } from "../../std.ts";
import { readFeatureTable } from "./feature_table.ts";
import { FEATURES } from "./mod.ts";

const table = await readFeatureTable();

function featuresOf(role: "broker" | "dealer", ...all: readonly Roles[]): string[] {
  return [...new Set(all.flatMap((roles) => Object.keys(roles[role]?.features ?? {})))].sort();
}

Deno.test("docs/features.md says of Viaduct what it announces (WAMP, Feature Announcement)", () => {
  for (const role of ["broker", "dealer"] as const) {
    const rows = table.filter((row) => row.role === role);
    const names = rows.map(({ feature }) => feature);
    assertEquals(names, names.toSorted(), "the rows are in order");
    assertEquals(new Set(names).size, names.length);
    const announced = rows.filter(({ viaduct }) => viaduct !== undefined).map(({ feature }) => feature);
    assertEquals(announced, featuresOf(role, ROUTER_ROLES, HISTORY_ROLES));
  }
});

Deno.test("docs/features.md names the test of each feature, and where it is", async () => {
  for (const { role, feature, viaduct } of table) {
    if (viaduct === undefined) continue;
    const test = FEATURES.find((one) => one.role === role && one.feature === feature);
    assertEquals(viaduct.section, test?.section, feature);
    const text = await Deno.readTextFile(new URL(viaduct.file, new URL("../../../docs/", import.meta.url)));
    assert(text.includes(`feature: "${feature}"`), `${viaduct.file} has no test of ${feature}`);
  }
});

Deno.test("what Crossbar.io and nexus announce, Viaduct announces too", () => {
  const missing = table.filter(({ viaduct, crossbar, nexus }) => viaduct === undefined && (crossbar || nexus));
  // Two clients encrypt; a router has nothing to do with it but to pass it on.
  assertEquals([...new Set(missing.map(({ feature }) => feature))], ["payload_encryption_cryptobox"]);
});
