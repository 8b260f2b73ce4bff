/**
 * Viaduct's own session as one party of the scenario.
 *
 * @module
 */

import { ApplicationError, JoinError } from "../../../wamp/errors.ts";
import { join, type JoinOptions } from "../../../wamp/join.ts";
import { Result } from "../../../wamp/result.ts";
import type { Invocation, InvocationHandler, Session } from "../../../wamp/session_api.ts";
import type { InvocationPolicy } from "../../../wamp/messages.ts";
import { type Called, Failure, type Match, type Party, type Payload, type PublishOptions } from "./scenario.ts";

/** Joins a realm. */
export async function joinParty(url: string, options: JoinOptions): Promise<Party> {
  try {
    return new ViaductParty(await join(url, options));
  } catch (error) {
    if (error instanceof JoinError) throw new Failure(error.reason);
    throw error;
  }
}

async function guarded<Value>(step: Promise<Value>): Promise<Value> {
  try {
    return await step;
  } catch (error) {
    if (error instanceof ApplicationError) throw new Failure(error.uri, error.args, error.kwargs);
    throw error;
  }
}

class ViaductParty implements Party {
  readonly id: number;
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
    this.id = session.id;
  }

  async call(procedure: string, args: readonly unknown[], kwargs: Payload["kwargs"] = {}): Promise<Payload> {
    const result = await guarded(this.#session.callResult(procedure, args, { kwargs }));
    return { args: result.args, kwargs: result.kwargs };
  }

  async callProgressive(
    procedure: string,
    args: readonly unknown[],
    onProgress: (part: Payload) => void,
  ): Promise<Payload> {
    for await (const part of this.#session.callProgressive(procedure, args)) {
      if (!part.progress) return part;
      onProgress(part);
    }
    throw new Error("The last result must come before the iteration ends");
  }

  async callAndCancel(procedure: string, args: readonly unknown[], cancel: Promise<void>): Promise<unknown> {
    const controller = new AbortController();
    cancel.then(() => controller.abort(new Failure("wamp.error.canceled")));
    return await guarded(this.#session.call(procedure, args, { signal: controller.signal }));
  }

  publish(topic: string, args: readonly unknown[], options: PublishOptions): Promise<unknown> {
    return guarded(this.#session.publish(topic, args, options));
  }

  async subscribe(
    topic: string,
    match: Match,
    handler: (event: Payload & { readonly topic: string }) => void,
  ): Promise<() => Promise<unknown>> {
    const subscription = await guarded(this.#session.subscribe(topic, handler, { match }));
    return () => subscription.unsubscribe();
  }

  async register(
    procedure: string,
    match: Match,
    handler: (called: Called) => Promise<Payload>,
    invoke: InvocationPolicy = "single",
  ): Promise<() => Promise<unknown>> {
    const registration = await guarded(
      this.#session.register(procedure, answerWith(handler), { match, invoke }),
    );
    return () => registration.unregister();
  }

  leave(): Promise<unknown> {
    return this.#session.leave();
  }
}

function answerWith(handler: (called: Called) => Promise<Payload>): InvocationHandler {
  return async (invocation) => {
    try {
      const { args, kwargs } = await handler(calledBy(invocation));
      return new Result(args, kwargs);
    } catch (error) {
      if (error instanceof Failure) throw new ApplicationError(error.uri, error.payload.args, error.payload.kwargs);
      throw error;
    }
  };
}

function calledBy(invocation: Invocation): Called {
  const { args, kwargs, procedure, signal, receiveProgress } = invocation;
  const interrupted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  const progress = receiveProgress ? (part: readonly unknown[]) => invocation.progress(part) : undefined;
  return { args, kwargs, procedure, progress, interrupted };
}
