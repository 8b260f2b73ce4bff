import { basename, dirname, join } from "node:path";
import { assertEquals, assertMatch } from "../std.ts";
import { runMain } from "../cli/running.ts";
import { ROOT } from "../support/folders.ts";
import { Process } from "../support/processes.ts";
import { createTlsFixture } from "../tls_fixture.ts";
import { runExample } from "./example.ts";

const FOLDER = join(ROOT, "examples", "auth");
/** A failsafe for what should take a second, in milliseconds. */
const LIMIT = 60_000;

type Environment = Readonly<Record<string, string>>;

/** One method: a configuration of the router, and a program. */
interface Method {
  readonly name: string;
  /** What the program prints. */
  readonly line: RegExp;
  /** Variables of the environment, the router's and the program's. @default {none} */
  readonly env?: Environment;
  /** Variables of a program that is refused. @default {nobody is} */
  readonly wrong?: Environment;
}

const METHODS: readonly Method[] = [
  { name: "anonymous", line: /^anonymous: \S+ is a guest$/ },
  {
    name: "ticket",
    line: /^ticket: joe is a user$/,
    env: { JOE_TICKET: "a ticket for the test" },
    wrong: { JOE_TICKET: "a wrong one" },
  },
  {
    name: "wampcra",
    line: /^wampcra: paul is a user$/,
    env: { PAUL_SECRET: "a secret for the test" },
    wrong: { PAUL_SECRET: "a wrong one" },
  },
  {
    name: "scram",
    line: /^wamp-scram: mary is a user$/,
    env: { MARY_PASSWORD: "correct horse battery staple" },
    wrong: { MARY_PASSWORD: "correct horse" },
  },
  {
    name: "cryptosign",
    line: /^cryptosign: device-7 is a device$/,
    // The first test vector of the specification, whose public key stands in the configuration.
    env: { DEVICE_KEY: "4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510" },
    wrong: { DEVICE_KEY: "01".repeat(32) },
  },
];

/** Runs `viaduct router` by a copy of an example's configuration, at a free port. */
async function withRouter(
  folder: string,
  name: string,
  env: Environment,
  use: (url: string, ...others: readonly string[]) => Promise<void>,
): Promise<void> {
  const text = await Deno.readTextFile(join(FOLDER, `${name}.json`));
  assertMatch(text, /"port": 8080\b/);
  const file = join(folder, `${name}.json`);
  await Deno.writeTextFile(file, text.replaceAll(/"port": 808\d\b/g, '"port": 0'));
  const permissions = ["--allow-net", "--allow-read", "--allow-env"];
  const command = [Deno.execPath(), "run", "--no-prompt", ...permissions, join(ROOT, "cli/main.ts")];
  const urls: string[] = [];
  const onLine = (line: string): void => {
    urls.push(.../^Listening on (wss?:\S+)$/.exec(line)?.slice(1) ?? []);
  };
  const router = new Process("router", [...command, "router", "--config", file], { env, onLine });
  try {
    await router.line(/^Realms: /, LIMIT);
    await use(urls[0]!, ...urls.slice(1));
  } finally {
    await router.stop();
  }
}

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function joins(program: string, args: readonly string[], line: RegExp, env: Environment = {}): Promise<void> {
  const { code, lines } = await runExample(program, args, env);
  assertEquals([code, lines.length], [0, 1], lines.join("\n"));
  assertMatch(lines[0]!, line);
}

async function isRefused(program: string, args: readonly string[], env: Environment = {}): Promise<void> {
  const { code, lines } = await runExample(program, args, env);
  assertEquals(code, 1, lines.join("\n"));
  assertMatch(lines.join("\n"), /JoinError: .*wamp\.error\.authentication_/);
}

for (const { name, line, env = {}, wrong } of METHODS) {
  Deno.test(`auth/${name} joins a router by its configuration${wrong === undefined ? "" : ", and nobody else does"}`, async () => {
    await withFolder(async (folder) => {
      await withRouter(folder, name, env, async (url) => {
        await joins(`auth/${name}.ts`, [url], line, env);
        if (wrong !== undefined) await isRefused(`auth/${name}.ts`, [url], wrong);
      });
    });
  });
}

Deno.test("auth/certificate joins a router by its configuration, and nobody else does", async () => {
  const { authority, caCert, server, client } = createTlsFixture();
  const mallory = authority.issue({ commonName: "mallory" });
  await withFolder(async (folder) => {
    const files = {
      ...{ "ca.pem": caCert, "server.pem": server.cert, "server.key": server.key },
      ...{ "alice.pem": client.cert, "alice.key": client.key },
      ...{ "mallory.pem": mallory.cert, "mallory.key": mallory.key },
    };
    for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(join(folder, name), text);
    const pathsOf = (who: string) => ["ca.pem", `${who}.pem`, `${who}.key`].map((name) => join(folder, name));
    await withRouter(folder, "certificate", {}, async (url) => {
      await joins("auth/certificate.ts", [url, ...pathsOf("alice")], /^tls: alice is a user$/);
      await isRefused("auth/certificate.ts", [url, ...pathsOf("mallory")]);
    });
  });
});

Deno.test("auth/dynamic lets in by a router's configuration who has the token that a component expects", async () => {
  await withFolder(async (folder) => {
    await withRouter(folder, "dynamic", {}, async (...urls) => {
      assertEquals(urls.length, 2);
      assertEquals(await runExample("auth/dynamic.ts", urls), {
        code: 0,
        lines: ["ticket: eve is a user", "with the token of joe: wamp.error.authentication_denied"],
      });
    });
  });
});

Deno.test("every program of auth/ has its configuration and a test, and names both in its head", async () => {
  const names = [...METHODS.map(({ name }) => name), "certificate", "dynamic"].sort();
  const found = [...Deno.readDirSync(FOLDER)].map(({ name }) => name).sort();
  assertEquals(found, names.flatMap((name) => [`${name}.json`, `${name}.ts`]));
  for (const name of names) {
    const head = (await Deno.readTextFile(join(FOLDER, `${name}.ts`))).split("import ")[0]!;
    assertMatch(head, new RegExp(`viaduct router --config ${basename(dirname(FOLDER))}/auth/${name}\\.json\n`));
  }
});

Deno.test("--check-config takes the configurations of auth/ whose secrets are in themselves", async () => {
  for (const name of ["anonymous", "scram", "cryptosign", "dynamic"]) {
    const { code, reported } = await runMain(["router", "--check-config", "--config", join(FOLDER, `${name}.json`)]);
    assertEquals([code, reported], [0, []]);
  }
});
