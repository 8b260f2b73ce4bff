import { ApplicationError, join, JoinError, type Session } from "@viaduct/viaduct/wamp";
import { wampcra } from "@viaduct/viaduct/wamp/auth";
import { assert, assertEquals, assertMatch, assertRejects } from "../std.ts";
import type { Process } from "../support/processes.ts";
import { interrupt, inTime, LIMIT, runExample, startExample } from "./example.ts";
import { DEVICES, OPERATOR, REALM } from "../../examples/iot/fleet.ts";
import { startHub } from "../../examples/iot/hub.ts";
import { runScript } from "../../examples/iot/script.ts";

/** Programs that are stopped at the end, the last one first. */
class Programs implements AsyncDisposable {
  readonly #processes: Process[] = [];

  async start(name: string, ...args: readonly string[]): Promise<Process> {
    const process = await startExample(`iot/${name}.ts`, args);
    this.#processes.push(process);
    return process;
  }

  /** Starts a hub and gives its address. */
  async startHub(port = "0"): Promise<{ readonly hub: Process; readonly url: string }> {
    const hub = await this.start("hub", "--port", port);
    const [, url = ""] = await hub.line(/^Hub at (rs:\S+) /, LIMIT);
    return { hub, url };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of this.#processes.reverse()) await process.stop();
  }
}

function kill(process: Process): Promise<unknown> {
  Deno.kill(process.pid, "SIGKILL");
  return process.status;
}

function joinAs(url: string, authid: string, secret = DEVICES[authid] ?? OPERATOR.secret): Promise<Session> {
  return join(url, { realm: REALM, auth: [wampcra({ authid, secret })] });
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  const error = await assertRejects(() => promise);
  assert(error instanceof ApplicationError || error instanceof JoinError, String(error));
  return error instanceof JoinError ? error.reason : error.uri;
}

Deno.test("iot --once: a device is told what to do, is missed, and brings what it measured meanwhile", async () => {
  assertEquals(await runExample("iot/main.ts", ["--once"]), {
    code: 0,
    lines: [
      "greenhouse-1 online",
      "greenhouse-1 20.5 °C, vent closed",
      "The operator says: vent open",
      "greenhouse-1 19.5 °C, vent open",
      "The device loses its network",
      "greenhouse-1 offline",
      "The network is back; 3 measurements wait",
      "greenhouse-1 online",
      "greenhouse-1 18.5 °C, vent open",
      "greenhouse-1 17.5 °C, vent open",
      "greenhouse-1 16.5 °C, vent open",
      "Done",
    ],
  });
});

Deno.test("iot: where the script fails, nothing goes on without it", async () => {
  const hub = await startHub("127.0.0.1", 0);
  try {
    const print = (line: string): void => {
      if (line.startsWith("The operator says")) throw new Error("Nobody can read this");
    };
    await assertRejects(() => runScript(hub.rawsocketUrl, print), Error, "Nobody can read this");
  } finally {
    await hub.shutdown();
  }
});

Deno.test("iot: the fleet in one program works until it is interrupted", async () => {
  const process = await startExample("iot/main.ts", ["--port", "0"]);
  try {
    for (const id of Object.keys(DEVICES)) await process.line(new RegExp(`^${id} \\d+\\.\\d °C, vent closed$`), LIMIT);
    assertEquals(await interrupt(process), 0);
  } finally {
    await process.stop();
  }
});

Deno.test("iot: a device that is killed is offline by its last will, and online when it is started again", async () => {
  await using programs = new Programs();
  const { url } = await programs.startHub();
  const monitor = await programs.start("monitor", "--url", url);
  await monitor.line(/ monitor joined$/, LIMIT);
  const device = await programs.start("device", "greenhouse-2", "--url", url, "--interval", "100");
  await monitor.line(/ greenhouse-2 online$/, LIMIT);
  await monitor.line(/ greenhouse-2 \d+\.\d °C, vent closed$/, LIMIT);

  const { code, lines } = await runExample("iot/command.ts", ["--url", url, "greenhouse-2", "vent", "open"]);
  assertEquals([code, lines], [0, ["open"]]);
  await monitor.line(/ greenhouse-2 \d+\.\d °C, vent open$/, LIMIT);

  await kill(device);
  await monitor.line(/ greenhouse-2 offline$/, LIMIT);
  // Who comes later is told as well, since the status is retained.
  const other = await programs.start("monitor", "--url", url);
  await other.line(/ greenhouse-2 offline$/, LIMIT);

  const again = await programs.start("device", "greenhouse-2", "--url", url);
  await other.line(/ greenhouse-2 online$/, LIMIT);
  await other.line(/ greenhouse-2 \d+\.\d °C, vent closed$/, LIMIT);
  assertEquals(await interrupt(again), 0);
  assertEquals(await interrupt(other), 0);
});

Deno.test("iot: device and monitor outlive their hub", async () => {
  await using programs = new Programs();
  const { hub, url } = await programs.startHub();
  const monitor = await programs.start("monitor", "--url", url);
  const device = await programs.start("device", "greenhouse-3", "--url", url, "--interval", "100");
  await monitor.line(/ greenhouse-3 \d+\.\d °C, vent closed$/, LIMIT);
  await kill(hub);
  await device.line(/^greenhouse-3 lost: /, LIMIT);
  await monitor.line(/ monitor lost: /, LIMIT);
  await programs.startHub(new URL(url.replace(/^rs/, "http")).port);
  await using operator = await joinAs(url, OPERATOR.authid);
  const heard = Promise.withResolvers<void>();
  await operator.subscribe("iot.greenhouse-3.telemetry", () => heard.resolve());
  await inTime(heard.promise);
});

Deno.test("iot: a device speaks for itself alone, and nobody gets in without a secret", async () => {
  const hub = await startHub("127.0.0.1", 0);
  try {
    const url = hub.rawsocketUrl;
    assertEquals(await refusal(joinAs(url, "greenhouse-1", "wrong")), "wamp.error.authentication_denied");
    assertEquals(await refusal(join(url, { realm: REALM })), "wamp.error.no_matching_auth_method");
    await using device = await joinAs(url, "greenhouse-1");
    await using operator = await joinAs(url, OPERATOR.authid);
    const denied = [
      device.publish("iot.greenhouse-2.status", [], { acknowledge: true }),
      device.publish("iot.greenhouse-11.status", [], { acknowledge: true }),
      device.register("iot.greenhouse-2.vent", () => {}),
      device.register("iot.greenhouse-1.", () => {}, { match: "prefix" }),
      device.subscribe("iot..telemetry", () => {}, { match: "wildcard" }),
      device.subscribe("iot.", () => {}, { match: "prefix" }),
      device.call("iot.greenhouse-2.vent", ["open"]),
      device.call("wamp.session.list"),
      // A last will in the name of another
      device.call("wamp.session.add_testament", ["iot.greenhouse-2.status", [], { online: false }]),
      operator.publish("iot.greenhouse-1.status", [], { acknowledge: true }),
      operator.register("iot.greenhouse-1.vent", () => {}),
      operator.call("wamp.session.kill_all"),
    ];
    const answers = await Promise.all(denied.map(refusal));
    assertEquals(answers, denied.map(() => "wamp.error.not_authorized"));
    await device.call("wamp.session.add_testament", ["iot.greenhouse-1.status", [], { online: false }]);
  } finally {
    await hub.shutdown();
  }
});

Deno.test("iot: a last will that comes late is corrected by the device", async () => {
  const hub = await startHub("127.0.0.1", 0);
  await using programs = new Programs();
  try {
    const url = hub.rawsocketUrl;
    const former = await joinAs(url, "greenhouse-1");
    await former.call("wamp.session.add_testament", ["iot.greenhouse-1.status", [], { online: false }], {
      kwargs: { publish_options: { retain: true } },
    });
    const device = await programs.start("device", "greenhouse-1", "--url", url);
    await using operator = await joinAs(url, OPERATOR.authid);
    const statuses: unknown[] = [];
    const corrected = Promise.withResolvers<void>();
    await operator.subscribe("iot.greenhouse-1.status", ({ kwargs }) => {
      statuses.push(kwargs.online);
      // The session before is still there when the device says that it is online.
      if (statuses.length === 1) void former.leave();
      if (statuses.length === 3) corrected.resolve();
    }, { getRetained: true });
    await inTime(corrected.promise);
    assertEquals(statuses, [true, false, true]);
    assertEquals(await interrupt(device), 0);
  } finally {
    await hub.shutdown();
  }
});

Deno.test("iot: commands with wrong values, and programs with wrong arguments, say what is wrong", async (t) => {
  await using programs = new Programs();
  const { url } = await programs.startHub();
  const device = await programs.start("device", "greenhouse-1", "--url", url);
  await device.line(/joined as greenhouse-1$/, LIMIT);
  const misuses = [
    ["command", ["--url", url, "greenhouse-1", "vent", "ajar"], /Vent must be "open" or "closed"/],
    ["command", ["--url", url, "greenhouse-1", "interval", "1"], /Interval must be 100 to 3600000 milliseconds/],
    ["command", ["--url", url, "greenhouse-1", "vent"], /Command must be vent or interval, with a value/],
    ["device", ["nobody"], /Device must be known, received "nobody"/],
    ["device", ["greenhouse-1", "--interval", "x"], /Interval must be 100 to 3600000, received "x"/],
    ["hub", ["--port", "70000"], /0 to 65535, received "70000"/],
    ["monitor", ["--prt"], /--prt/],
    ["main", ["--port", "x"], /0 to 65535, received "x"/],
  ] as const;
  for (const [name, args, message] of misuses) {
    await t.step(`${name} ${args.slice(-2).join(" ")}`, async () => {
      const { code, lines } = await runExample(`iot/${name}.ts`, args);
      assertEquals(code, 1);
      assertMatch(lines[0]!, message);
      assert(lines.some((line) => line.startsWith("Usage:")));
    });
  }
});
