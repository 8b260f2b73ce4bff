/**
 * Spans of OpenTelemetry by what the runtime has built in: `Deno.telemetry`, which works where a program was started with
 * `OTEL_DENO=true`. Elsewhere there are none.
 *
 * @module
 */

/** What an attribute may be. @internal */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** Which side of an operation a span is, as OpenTelemetry numbers it. @internal */
export const SPAN_KIND = { SERVER: 1, CLIENT: 2, PRODUCER: 3, CONSUMER: 4 } as const;

/** What a span is begun with. @internal */
export interface SpanOptions {
  readonly kind: typeof SPAN_KIND[keyof typeof SPAN_KIND];
  readonly attributes: Attributes;
  /** Whether it has no parent, whatever was going on when the loop that reads was started. */
  readonly root?: boolean;
}

/** The part of OpenTelemetry's interfaces that is used. */
interface RuntimeSpan {
  setAttribute(name: string, value: string | number | boolean): unknown;
  setStatus(status: { readonly code: number }): unknown;
  end(): void;
}

interface RuntimeContext {
  setValue(key: symbol, value: unknown): RuntimeContext;
}

interface RuntimeTracer {
  startSpan(name: string, options?: SpanOptions): RuntimeSpan;
}

interface Runtime {
  readonly Deno?: {
    readonly telemetry?: {
      readonly tracerProvider: { getTracer(name: string): RuntimeTracer };
      readonly contextManager: {
        active(): RuntimeContext;
        with<Value>(context: RuntimeContext, task: () => Value): Value;
      };
    };
  };
}

type Telemetry = NonNullable<NonNullable<Runtime["Deno"]>["telemetry"]>;

/** Where OpenTelemetry's own package keeps the span of a context, so that spans of others find theirs. */
const SPAN_KEY = Symbol.for("OpenTelemetry Context Key SPAN");
const STATUS_ERROR = 2;

/** One operation as OpenTelemetry sees it. @internal */
export class Span {
  readonly #span: RuntimeSpan;
  readonly #contexts: Telemetry["contextManager"];

  constructor(span: RuntimeSpan, contexts: Telemetry["contextManager"]) {
    this.#span = span;
    this.#contexts = contexts;
  }

  /** Runs a task so that the spans begun by it, and by what it awaits, are children of this one. */
  run<Value>(task: () => Value): Value {
    return this.#contexts.with(this.#contexts.active().setValue(SPAN_KEY, this.#span), task);
  }

  /** Says more about it. */
  setAttributes(attributes: Attributes): void {
    for (const [name, value] of Object.entries(attributes)) this.#span.setAttribute(name, value);
  }

  /** Ends it; `error` says why the operation failed, `""` that it did not. */
  end(error: string): void {
    if (error !== "") {
      this.#span.setAttribute("error.type", error);
      this.#span.setStatus({ code: STATUS_ERROR });
    }
    this.#span.end();
  }
}

/** Begins spans. @internal */
export class Tracer {
  readonly #tracer: RuntimeTracer;
  readonly #contexts: Telemetry["contextManager"];

  constructor(tracer: RuntimeTracer, contexts: Telemetry["contextManager"]) {
    this.#tracer = tracer;
    this.#contexts = contexts;
  }

  /** Begins a span, as a child of the one that is active. */
  start(name: string, options: SpanOptions): Span {
    return new Span(this.#tracer.startSpan(name, options), this.#contexts);
  }
}

/**
 * What begins spans, where the runtime takes any.
 *
 * @param name Who begins them.
 *
 * @internal
 */
export function findTracer(name: string): Tracer | undefined {
  try {
    const { telemetry } = (globalThis as Runtime).Deno ?? {};
    if (telemetry === undefined) return undefined;
    const tracer = telemetry.tracerProvider.getTracer(name);
    // Where it is switched off, this throws. A span that is never ended is never told of.
    tracer.startSpan(name);
    return new Tracer(tracer, telemetry.contextManager);
  } catch {
    // Not switched on.
    return undefined;
  }
}
