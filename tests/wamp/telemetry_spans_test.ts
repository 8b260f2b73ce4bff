import { fileURLToPath } from "node:url";
import { findTracer } from "../../internal/telemetry.ts";
import { assert, assertEquals } from "../std.ts";

interface CollectedSpan {
  readonly name: string;
  readonly kind: number;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly status: { readonly code: number };
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly scope: string;
}

interface TraceRequest {
  readonly resourceSpans?: readonly {
    readonly scopeSpans: readonly {
      readonly scope: { readonly name: string };
      readonly spans: readonly (Omit<CollectedSpan, "attributes" | "scope"> & {
        readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
      })[];
    }[];
  }[];
}

/** Runs the program with OpenTelemetry switched on, and a collector that gets what it exports. */
async function runProgram(): Promise<{ readonly spans: readonly CollectedSpan[]; readonly text: string }> {
  const spans: CollectedSpan[] = [];
  let text = "";
  const collector = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const body = await request.text();
    text += body;
    for (const { scopeSpans } of (JSON.parse(body) as TraceRequest).resourceSpans ?? []) {
      for (const { scope, spans: some } of scopeSpans) {
        for (const span of some) {
          const attributes = Object.fromEntries(
            span.attributes.map(({ key, value }) => [key, Object.values(value)[0]]),
          );
          spans.push({ ...span, attributes, scope: scope.name });
        }
      }
    }
    return Response.json({});
  });
  const program = fileURLToPath(new URL("telemetry_program.ts", import.meta.url));
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--allow-net=127.0.0.1", program],
    env: {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.addr.port}`,
    },
  }).output();
  await collector.shutdown();
  assert(success, new TextDecoder().decode(stderr));
  return { spans: spans.filter(({ scope }) => scope === "@viaduct/viaduct"), text };
}

const SERVER = 2;
const CLIENT = 3;
const PRODUCER = 4;
const CONSUMER = 5;
const ERROR = 2;

Deno.test("OpenTelemetry gets a span for joining, calls, invocations, publications and events, where it is on", async () => {
  const { spans, text } = await runProgram();
  const all = (name: string, kind: number) => spans.filter((span) => span.name === name && span.kind === kind);
  const only = (name: string, kind: number): CollectedSpan => {
    const found = all(name, kind);
    assertEquals(found.length, 1, `${name} ${kind} in ${spans.map(({ name, kind }) => `${name} ${kind}`)}`);
    return found[0]!;
  };
  assertEquals([all("connect", CLIENT).length, all("join realm1", CLIENT).length], [2, 2]);

  const call = only("com.example.outer", CLIENT);
  const { "server.port": port, "wamp.session": session, ...attributes } = call.attributes;
  assertEquals(attributes, {
    "rpc.system": "wamp",
    "rpc.method": "com.example.outer",
    "wamp.realm": "realm1",
    "server.address": "127.0.0.1",
  });
  assert(Number(port) > 0 && Number(session) > 0);
  const invocation = only("com.example.outer", SERVER);
  // WAMP carries no trace: an invocation begins one.
  assertEquals([call.parentSpanId, invocation.parentSpanId, invocation.status.code], ["", "", 0]);

  const [inner, fromEvent] = all("com.example.inner", CLIENT);
  const event = only("process com.example.tick", CONSUMER);
  assertEquals([inner?.parentSpanId, fromEvent?.parentSpanId], [invocation.spanId, event.spanId]);
  assertEquals(all("com.example.inner", SERVER).map(({ parentSpanId }) => parentSpanId), ["", ""]);

  for (const failed of [only("com.example.fail", CLIENT), only("com.example.fail", SERVER)]) {
    assertEquals([failed.status.code, failed.attributes["error.type"]], [ERROR, "com.example.error"]);
  }

  const publication = only("publish com.example.tick", PRODUCER);
  assertEquals([publication.attributes["messaging.system"], publication.attributes["messaging.operation.type"]], [
    "wamp",
    "send",
  ]);
  assertEquals(event.attributes["messaging.destination.name"], "com.example.tick");
  assertEquals([event.attributes["messaging.operation.type"], event.parentSpanId], ["process", ""]);
  assert(/^\d+$/.test(String(event.attributes["messaging.message.id"])));
  assert(!text.includes("secret"));
});

Deno.test("OpenTelemetry is left alone where it is not switched on", () => {
  assertEquals(findTracer("test"), undefined);
});
