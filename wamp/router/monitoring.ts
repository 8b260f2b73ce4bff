/**
 * What a router answers to those who watch it by HTTP: metrics, health and readiness.
 *
 * @module
 */

import { formatPrometheus, type RouterMetrics } from "./metrics.ts";

/**
 * Where metrics are found.
 *
 * @public
 */
export interface MetricsOptions {
  /** The path of the metrics. @default {"/metrics"} */
  readonly path?: string;
  /** A TCP port of their own, where health and readiness are answered too. @default {that of the WebSocket} */
  readonly port?: number;
  /** The address to bind that port on. @default {"127.0.0.1"} */
  readonly hostname?: string;
}

/**
 * Where health and readiness are asked for.
 *
 * @public
 */
export interface HealthOptions {
  /** The path at which 200 says that the process lives. @default {"/healthz"} */
  readonly path?: string;
  /** The path at which 200 says that sessions can join, and 503 that they can not. @default {"/readyz"} */
  readonly readyPath?: string;
}

/** What is answered, and what about. @internal */
export interface MonitoringOptions {
  readonly metrics: MetricsOptions | undefined;
  readonly health: HealthOptions | undefined;
  /** Gives the counts. */
  readonly read: () => RouterMetrics;
  /** Whether sessions can join. */
  readonly isReady: () => boolean;
}

const PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";

/** Answers a request, or leaves it to somebody else. @internal */
export type Answerer = (request: Request) => Response | undefined;

/** Answers plain requests for what is on. @internal */
export function createMonitoring({ metrics, health, read, isReady }: MonitoringOptions): Answerer {
  const answers = new Map<string, () => Response>();
  if (health !== undefined) {
    answers.set(checkPath("health.path", health.path ?? "/healthz"), () => answer(200, "ok\n"));
    answers.set(checkPath("health.readyPath", health.readyPath ?? "/readyz"), () => {
      return isReady() ? answer(200, "ready\n") : answer(503, "not ready\n");
    });
  }
  if (metrics !== undefined) {
    const path = checkPath("metrics.path", metrics.path ?? "/metrics");
    answers.set(path, () => answer(200, formatPrometheus(read()), PROMETHEUS));
  }
  return (request) => answers.get(new URL(request.url).pathname)?.();
}

function checkPath(name: string, path: string): string {
  if (typeof path === "string" && path.startsWith("/")) return path;
  throw new TypeError(`Option ${name} must begin with /, received ${JSON.stringify(path)}`);
}

function answer(status: number, text: string, type = "text/plain; charset=utf-8"): Response {
  const headers = { "content-type": type, "cache-control": "no-store", "x-content-type-options": "nosniff" };
  return new Response(text, { status, headers });
}
