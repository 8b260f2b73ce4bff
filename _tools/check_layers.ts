/**
 * Holds the shipped sources to the direction of imports and to what each layer may touch.
 *
 * @module
 */

import { dirname, join } from "node:path/posix";
import { lineOf, listImports, scanSource, type SourceText } from "./source_text.ts";
import { readSources, report } from "./project.ts";

/** A layer: files that may import one another and everything in the layers before theirs. */
export interface Layer {
  /** The name, for findings. */
  readonly name: string;
  /** Paths from the root; `*` at the end stands for everything in a folder and below. */
  readonly files: readonly string[];
}

/** The layers from the lowest up. Every shipped file stands in exactly one. */
export const LAYERS: readonly Layer[] = [
  { name: "internal", files: ["internal/*"] },
  { name: "vocabulary", files: ["websocket/close_code.ts", "websocket/errors.ts"] },
  {
    name: "codecs",
    files: [
      "websocket/body.ts",
      "websocket/deflate.ts",
      "websocket/extension.ts",
      "websocket/frame.ts",
      "websocket/headers.ts",
      "websocket/http1.ts",
      "websocket/mask.ts",
      "websocket/origin.ts",
    ],
  },
  { name: "handshake", files: ["websocket/handshake.ts"] },
  {
    name: "protocol",
    files: [
      "websocket/message_reader.ts",
      "websocket/message_writer.ts",
      "websocket/protocol.ts",
      "websocket/protocol_options.ts",
    ],
  },
  {
    name: "connection",
    files: [
      "websocket/broadcast.ts",
      "websocket/connection.ts",
      "websocket/driver.ts",
      "websocket/inbox.ts",
      "websocket/options.ts",
      "websocket/ping_tracker.ts",
      "websocket/web_socket_connection.ts",
    ],
  },
  {
    name: "client, server",
    files: [
      "websocket/accept_options.ts",
      "websocket/acceptor.ts",
      "websocket/client.ts",
      "websocket/client_options.ts",
      "websocket/handshake_guard.ts",
      "websocket/node_listener.ts",
      "websocket/proxy.ts",
      "websocket/reconnecting.ts",
      "websocket/redirect.ts",
      "websocket/server.ts",
      "websocket/stream_listener.ts",
    ],
  },
  { name: "drop-in", files: ["websocket/web_socket.ts"] },
  {
    name: "WAMP vocabulary",
    files: [
      "wamp/contract.ts",
      "wamp/errors.ts",
      "wamp/features.ts",
      "wamp/format.ts",
      "wamp/ids.ts",
      "wamp/message_table.ts",
      "wamp/messages.ts",
      "wamp/passthru_api.ts",
      "wamp/payload.ts",
      "wamp/session_api.ts",
      "wamp/uris.ts",
    ],
  },
  { name: "WAMP codec", files: ["wamp/codec.ts"] },
  { name: "WAMP serializers", files: ["wamp/serializers/*"] },
  { name: "WAMP transport, interface", files: ["wamp/transports/errors.ts", "wamp/transports/transport.ts"] },
  { name: "WAMP authentication", files: ["wamp/auth/*"] },
  { name: "WAMP payload passthru", files: ["wamp/passthru.ts", "wamp/passthru_cipher.ts"] },
  { name: "WAMP peer", files: ["wamp/peer.ts"] },
  { name: "WAMP telemetry", files: ["wamp/telemetry.ts"] },
  { name: "WAMP contracts", files: ["wamp/contract_session.ts", "wamp/result.ts"] },
  {
    name: "WAMP session",
    files: [
      "wamp/session.ts",
      "wamp/session_arguments.ts",
      "wamp/session_callee.ts",
      "wamp/session_calls.ts",
      "wamp/session_entry.ts",
      "wamp/session_handlers.ts",
      "wamp/session_invocation.ts",
      "wamp/session_joining.ts",
      "wamp/session_keepalive.ts",
      "wamp/session_link.ts",
      "wamp/session_requests.ts",
      "wamp/session_subscriber.ts",
    ],
  },
  {
    name: "WAMP transports",
    files: [
      "wamp/transports/batch.ts",
      "wamp/transports/close_reason.ts",
      "wamp/transports/connect.ts",
      "wamp/transports/local.ts",
      "wamp/transports/rawsocket.ts",
      "wamp/transports/rawsocket_frame.ts",
      "wamp/transports/rawsocket_transport.ts",
      "wamp/transports/web.ts",
      "wamp/transports/websocket.ts",
    ],
  },
  { name: "WAMP client", files: ["wamp/join.ts"] },
  {
    name: "WAMP component",
    files: [
      "wamp/component.ts",
      "wamp/component_api.ts",
      "wamp/component_calls.ts",
      "wamp/component_catch_up.ts",
      "wamp/component_contract.ts",
      "wamp/component_declaration.ts",
      "wamp/component_delivery.ts",
      "wamp/component_history.ts",
      "wamp/component_restorer.ts",
      "wamp/component_runner.ts",
      "wamp/component_status.ts",
      "wamp/component_transports.ts",
      "wamp/retry_policy.ts",
    ],
  },
  {
    name: "WAMP broker and dealer",
    files: [
      "wamp/router/broker.ts",
      "wamp/router/counters.ts",
      "wamp/router/deadlines.ts",
      "wamp/router/dealer.ts",
      "wamp/router/dealer_messages.ts",
      "wamp/router/diagnostics.ts",
      "wamp/router/effects.ts",
      "wamp/router/event_store.ts",
      "wamp/router/invocation.ts",
      "wamp/router/match.ts",
      "wamp/router/rate_limit.ts",
      "wamp/router/registration.ts",
      "wamp/router/rerouting.ts",
      "wamp/router/testaments.ts",
    ],
  },
  {
    name: "WAMP router",
    files: [
      "wamp/router/acceptor.ts",
      "wamp/router/authentication.ts",
      "wamp/router/authentication_limit.ts",
      "wamp/router/admission.ts",
      "wamp/router/authorizer.ts",
      "wamp/router/inspection.ts",
      "wamp/router/member.ts",
      "wamp/router/meta.ts",
      "wamp/router/meta_history.ts",
      "wamp/router/meta_requirements.ts",
      "wamp/router/meta_sessions.ts",
      "wamp/router/meta_testaments.ts",
      "wamp/router/metrics.ts",
      "wamp/router/monitoring.ts",
      "wamp/router/permissions.ts",
      "wamp/router/realm.ts",
      "wamp/router/router.ts",
      "wamp/router/router_api.ts",
      "wamp/router/router_roles.ts",
      "wamp/router/slow_consumers.ts",
      "wamp/router/watch.ts",
      "wamp/router/throttle.ts",
      "wamp/router/verdicts.ts",
      "wamp/router/waiting_requests.ts",
      "wamp/router/web_upgrade.ts",
    ],
  },
  { name: "WAMP router, listening", files: ["wamp/router/server.ts"] },
  {
    name: "entry points",
    files: [
      "mod.ts",
      "testing/*",
      "wamp/mod.ts",
      "wamp/router/mod.ts",
      "websocket/mod.ts",
      "websocket/sansio.ts",
    ],
  },
  { name: "cli", files: ["cli/*"] },
];

/** Where `Deno` may stand. */
export const DENO_FILES: readonly string[] = [
  // The sockets that both clients open.
  "internal/client_socket.ts",
  // Looks for `Deno.telemetry`, the one way to the OpenTelemetry that the runtime has built in, and does without.
  "internal/telemetry.ts",
  "websocket/server.ts",
  "wamp/router/server.ts",
  "wamp/router/web_upgrade.ts",
  "cli/*",
];

/** The only files of wamp/ and testing/ that may import websocket/. */
export const WEBSOCKET_USERS: readonly string[] = [
  "wamp/transports/websocket.ts",
  "wamp/router/server.ts",
  "wamp/router/web_upgrade.ts",
  "testing/sockets.ts",
];

/** What never runs in a browser, so that it may load the runtime's built-in modules itself. */
export const NATIVE_FILES: readonly string[] = ["cli/*"];

/** What loads modules of a user's, so that it may import what it is told to. */
export const LOADERS: readonly string[] = ["cli/run.ts"];

/** What a sans-I/O file does without: a pattern and what it is. */
const IMPURE: readonly (readonly [RegExp, string])[] = [
  [/(?<![\w$.])(?:set|clear)(?:Timeout|Interval|Immediate)\b|(?<![\w$.])queueMicrotask\b/g, "a timer"],
  // A Date that somebody gives is a value like any other.
  [/(?<![\w$.])(?:Date(?=\s*\.\s*now\b|\s*\(\s*\)|\s*;)|(?:performance|Temporal)\b)/g, "the time"],
  [/(?<![\w$.])Math\s*\.\s*random\b|(?<![\w$.])crypto\b/g, "randomness or crypto"],
  [/(?<![\w$.])(?:async|await|Promise)\b(?!\s*[:?])/g, "a promise"],
  [/(?<![\w$.])(?:console|fetch|process)\b(?!\s*[:?])/g, "the outside"],
  [/(?<![\w$.])globalThis\b/g, "the global object"],
];

/** What no shipped file holds. */
const FORBIDDEN: readonly (readonly [RegExp, string])[] = [
  [/(?<![\w$.])any\b(?!\s*[(:?])/g, "`any`: use `unknown`"],
  [/(?<![\w$.])as\s+unknown\s+as\b/g, "`as unknown as`: say what it is"],
  [/(?<![\w$.])(?:await\s+)?using\s+[\w$]+\s*=/g, "`using`, which Node does not strip"],
  [/(?<![\w$.])export\s*\*\s*from\b/g, "`export *`: list the names"],
];

/** Comments that silence a checker. */
const SILENCER = /@ts-(?:ignore|expect-error|nocheck)|deno-lint-ignore/;

/** The most lines a shipped file may have. */
const MAX_LINES = 600;

function matches(file: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => pattern.endsWith("*") ? file.startsWith(pattern.slice(0, -1)) : file === pattern);
}

function headerOf(source: SourceText): string {
  const first = source.comments[0] ?? "";
  return source.text.startsWith(first) ? first : "";
}

function isSansIo(source: SourceText): boolean {
  return /\bSans-I\/O\./.test(headerOf(source));
}

function isExperimental(source: SourceText): boolean {
  return /\*\s*@experimental\b/.test(headerOf(source));
}

/** One run over all files. */
class LayerCheck {
  readonly #sources: ReadonlyMap<string, SourceText>;
  readonly #layers: readonly Layer[];
  readonly #findings: string[] = [];
  readonly #graph = new Map<string, string[]>();

  constructor(files: ReadonlyMap<string, string>, layers: readonly Layer[]) {
    this.#sources = new Map([...files].map(([file, text]) => [file, scanSource(text)]));
    this.#layers = layers;
  }

  run(): string[] {
    for (const [file, source] of this.#sources) {
      if (file.startsWith("examples/")) {
        this.#checkExample(file, source);
        continue;
      }
      this.#checkPlace(file);
      this.#checkContents(file, source);
      this.#checkImports(file, source);
    }
    this.#checkCycles();
    return this.#findings;
  }

  #add(file: string, line: number, what: string): void {
    this.#findings.push(`${file}:${line}: ${what}`);
  }

  #layerOf(file: string): number {
    return this.#layers.findIndex((layer) => matches(file, layer.files));
  }

  #checkPlace(file: string): void {
    if (this.#layerOf(file) < 0) this.#add(file, 1, "stands in no layer: enter it in _tools/check_layers.ts");
  }

  #checkExample(file: string, source: SourceText): void {
    for (const { specifier, line } of listImports(source)) {
      if (specifier !== undefined && /^(?:\.\.?\/|@viaduct\/viaduct(?:\/|$)|node:)/.test(specifier)) continue;
      this.#add(file, line, `imports ${specifier ?? "what it computes"}: an example needs nothing but this package`);
    }
  }

  #search(file: string, source: SourceText, patterns: readonly (readonly [RegExp, string])[], prefix: string): void {
    for (const [pattern, what] of patterns) {
      for (const match of source.code.matchAll(pattern)) {
        this.#add(file, lineOf(source.text, match.index), `${prefix}${what} (${match[0].trim()})`);
      }
    }
  }

  #checkContents(file: string, source: SourceText): void {
    const lines = source.text.split("\n").length - 1;
    if (lines > MAX_LINES) this.#add(file, lines, `has ${lines} lines: at most ${MAX_LINES}, split it along a seam`);
    this.#search(file, source, FORBIDDEN, "holds ");
    for (const comment of source.comments) {
      if (SILENCER.test(comment)) {
        this.#add(file, lineOf(source.text, source.text.indexOf(comment)), "silences a check");
      }
    }
    const usesDeno: readonly [RegExp, string] = [/(?<![\w$.])Deno\b|\bglobalThis\s*\.\s*Deno\b/g, "Deno"];
    if (!matches(file, DENO_FILES)) this.#search(file, source, [usesDeno], "must run everywhere but uses ");
    if (isSansIo(source)) this.#search(file, source, IMPURE, "is sans-I/O but uses ");
  }

  #checkImports(file: string, source: SourceText): void {
    for (const { specifier, isType, line } of listImports(source)) {
      if (specifier === undefined) {
        if (!LOADERS.includes(file)) this.#add(file, line, "imports what it computes");
      } else if (/^\.\.?\//.test(specifier)) {
        this.#checkEdge(file, line, join(dirname(file), specifier));
      } else if (!specifier.startsWith("node:")) {
        this.#add(file, line, `imports ${specifier}: shipped code imports only itself`);
      } else if (!isType && !matches(file, NATIVE_FILES)) {
        this.#add(file, line, `imports ${specifier}: built-ins come through internal/builtins.ts`);
      }
    }
  }

  #checkEdge(file: string, line: number, target: string): void {
    const source = this.#sources.get(target);
    if (source === undefined) return this.#add(file, line, `imports ${target}, which is not shipped`);
    this.#graph.set(file, [...this.#graph.get(file) ?? [], target]);
    const [from, to] = [this.#layerOf(file), this.#layerOf(target)];
    if (from >= 0 && to > from) {
      this.#add(file, line, `imports ${target}: ${this.#layers[from]?.name} must not know ${this.#layers[to]?.name}`);
    }
    if (target.startsWith("websocket/") && /^(?:wamp|testing)\//.test(file) && !matches(file, WEBSOCKET_USERS)) {
      this.#add(file, line, `imports ${target}: only ${WEBSOCKET_USERS.join(" and ")} may`);
    }
    if (/\/_[^/]*$/.test(`/${target}`) && dirname(target) !== dirname(file)) {
      this.#add(file, line, `imports ${target}, which is private to its folder`);
    }
    const own = this.#sources.get(file);
    if (isExperimental(source) && own !== undefined && !isExperimental(own)) {
      this.#add(file, line, `imports ${target}, which is experimental, and is not experimental itself`);
    }
  }

  /** Depth first; a file is finished once everything below it is, so each cycle is found once. */
  #checkCycles(): void {
    const finished = new Set<string>();
    const path: string[] = [];
    const visit = (file: string): void => {
      if (finished.has(file)) return;
      const start = path.indexOf(file);
      if (start >= 0) return this.#add(file, 1, `imports itself: ${[...path.slice(start), file].join(" -> ")}`);
      path.push(file);
      for (const target of this.#graph.get(file) ?? []) visit(target);
      path.pop();
      finished.add(file);
    };
    for (const file of this.#graph.keys()) visit(file);
  }
}

/**
 * Checks sources.
 *
 * @param files The shipped files and the examples: path from the root to text.
 * @param layers The layers from the lowest up.
 * @returns What is wrong, a line each.
 */
export function checkLayers(files: ReadonlyMap<string, string>, layers: readonly Layer[] = LAYERS): string[] {
  return new LayerCheck(files, layers).run();
}

if (import.meta.main) {
  const files = await readSources(["mod.ts", "internal", "websocket", "wamp", "testing", "cli", "examples"]);
  report("check_layers", `${files.size} files`, checkLayers(files));
}
