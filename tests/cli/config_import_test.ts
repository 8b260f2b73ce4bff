import { join } from "node:path";
import { ConfigError } from "../../cli/config.ts";
import { importCrossbar } from "../../cli/config_import.ts";
import { assertEquals, assertMatch, assertRejects } from "../std.ts";
import { createTlsFixture } from "../tls_fixture.ts";
import { CONVERSIONS } from "./crossbar_configs.ts";
import { runMain } from "./running.ts";

Deno.test("importCrossbar converts the router's part, and lists what has no counterpart", async (t) => {
  for (const { what, crossbar, viaduct, notes } of CONVERSIONS) {
    await t.step(what, async () => {
      const imported = await importCrossbar(JSON.stringify(crossbar), "crossbar.json");
      assertEquals(imported.config as unknown, viaduct);
      assertEquals(imported.notes.map(({ path, reason }) => `${path}: ${reason}`), notes);
    });
  }
});

/** Everything of theirs that is in no note must have become something: names that mean nothing to us are left out. */
function rename(value: unknown, names: string[]): unknown {
  if (Array.isArray(value)) return value.map((item) => rename(item, names));
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).map(([name, member]): [string, unknown] => [name, rename(member, names)]);
  const name = `unknown_${names.length}`;
  names.push(name);
  return Object.fromEntries([...members, [name, 1]]);
}

Deno.test("importCrossbar is silent about nothing: a member that it does not know is listed wherever it stands", async () => {
  const plain = {
    version: 2,
    workers: [{
      type: "router",
      realms: [{
        name: "realm1",
        options: { uri_check: "loose" },
        roles: [{ name: "a", permissions: [{ uri: "com.a", allow: { call: true }, disclose: { caller: true } }] }],
        store: { type: "memory", "event-history": [{ uri: "com.a", limit: 1 }] },
      }],
      transports: [
        {
          type: "universal",
          endpoint: { type: "tcp", port: 1, tls: { key: "k", certificate: "c" } },
          rawsocket: { options: { max_message_size: 2048 } },
          websocket: {
            ws: {
              options: { compression: { deflate: { memory_level: 1 } } },
              auth: { anonymous: { type: "static", role: "a" } },
            },
          },
        },
        {
          type: "web",
          endpoint: { type: "tcp", port: 2 },
          paths: {
            ws: {
              type: "websocket",
              auth: { ticket: { type: "static", principals: { joe: { ticket: "t", role: "a" } } } },
            },
          },
        },
        {
          type: "websocket",
          endpoint: { type: "unix", path: "/a" },
          auth: { ticket: { type: "dynamic", authenticator: "com.t" } },
        },
      ],
    }],
  };
  const names: string[] = [];
  const { notes } = await importCrossbar(JSON.stringify(rename(plain, names)), "crossbar.json");
  const paths = notes.map(({ path }) => path);
  assertEquals(names.filter((name) => !paths.some((path) => path.endsWith(`.${name}`) || path === name)), []);
});

const REFUSED: readonly (readonly [what: string, text: string, message: RegExp])[] = [
  ["no JSON", "version: 2", /^crossbar\.json:1:1: Expected a value, received version$/],
  ["an older version", '{"workers": []}', /^crossbar\.json: version must be 2, received 1: "crossbar upgrade"/],
  ["no worker", '{"version": 2}', /^crossbar\.json: workers must have a router$/],
  ["no router", '{"version": 2, "workers": [{"type": "guest"}]}', /^crossbar\.json: workers must have a router$/],
  [
    "no transport",
    '{"version": 2, "workers": [{"type": "router", "realms": [{"name": "a"}], "transports": [{"type": "mqtt"}]}]}',
    /^crossbar\.json: no transport of it can be converted$/,
  ],
  [
    "what our own rules refuse",
    '{"version": 2, "workers": [{"type": "router", "realms": [{"name": "a b"}], "transports": [{"type": "rawsocket", "endpoint": {"type": "tcp", "port": 1}}]}]}',
    /^crossbar\.json, converted:4:14: realms\[0\]\.uri must be a URI such as realm1, received "a b"$/,
  ],
];

Deno.test("importCrossbar refuses what holds no router", async (t) => {
  for (const [what, text, message] of REFUSED) {
    await t.step(what, async () => {
      const error = await assertRejects(() => importCrossbar(text, "crossbar.json"), ConfigError);
      assertMatch(error.message, message);
    });
  }
});

Deno.test("config import prints what router --check-config takes, and the list beside it", async (t) => {
  const folder = await Deno.makeTempDir();
  const { server, caCert } = createTlsFixture();
  await Deno.writeTextFile(join(folder, "server.crt"), server.cert);
  await Deno.writeTextFile(join(folder, "server.key"), server.key);
  await Deno.writeTextFile(join(folder, "ca.crt"), caCert);
  Deno.env.set("MARY", "secret3");
  try {
    for (const { what, crossbar, notes } of CONVERSIONS) {
      await t.step(what, async () => {
        const [theirs, ours] = [join(folder, "crossbar.json"), join(folder, "viaduct.json")];
        await Deno.writeTextFile(theirs, JSON.stringify(crossbar));
        const { code, printed, reported } = await runMain(["config", "import", theirs]);
        assertEquals([code, reported.length], [0, notes.length + 1]);
        assertEquals(reported[1], `  ${notes[0]}`);
        await Deno.writeTextFile(ours, printed.join("\n"));
        const checked = await runMain(["router", "--config", ours, "--check-config"]);
        assertEquals([checked.code, checked.reported], [0, []]);
      });
    }
  } finally {
    Deno.env.delete("MARY");
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("config import says that nothing was lost", async () => {
  const file = await Deno.makeTempFile();
  const transport = { type: "rawsocket", endpoint: { type: "tcp", port: 8080 } };
  const realm = { name: "realm1", roles: [{ name: "anonymous", permissions: [] }] };
  const workers = [{ type: "router", realms: [realm], transports: [transport] }];
  await Deno.writeTextFile(file, JSON.stringify({ version: 2, workers }));
  const { code, reported } = await runMain(["config", "import", file]);
  await Deno.remove(file);
  assertEquals([code, reported], [0, ["Everything has a counterpart"]]);
});

Deno.test("config says what it takes", async () => {
  const misused = [["config"], ["config", "export"], ["config", "schema", "a"], ["config", "import"], [
    "config",
    "import",
    "/none",
  ]];
  const results = await Promise.all(misused.map((args) => runMain(args)));
  assertEquals(results.map(({ code, printed }) => [code, printed]), misused.map(() => [2, []]));
  assertMatch(results[0]!.reported[0]!, /^viaduct: Command config takes schema, or import FILE, received nothing$/);
  assertMatch(results[3]!.reported[0]!, /^viaduct: Command config import needs the FILE to convert$/);
  assertMatch(results[4]!.reported[0]!, /^viaduct: \/none: cannot be read: /);
});
