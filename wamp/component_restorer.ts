/**
 * Makes what a component declared in one session, and keeps it there.
 *
 * @module
 */

import { Backoff } from "../internal/backoff.ts";
import { delay } from "../internal/delay.ts";
import { failureMessage, type Logger } from "../internal/log.ts";
import { toError } from "../internal/to_error.ts";
import type { PendingDeclaration, RetryOptions } from "./component_api.ts";
import type { Declaration, Made } from "./component_declaration.ts";
import { ApplicationError } from "./errors.ts";
import type { Session } from "./session_api.ts";
import { ERROR_URI } from "./uris.ts";

/** What a restorer needs. @internal */
export interface RestorerOptions {
  readonly retry: Required<RetryOptions>;
  readonly random: () => number;
  readonly logger: Logger;
  /** Is told, in a turn of its own, that what is pending has changed. */
  readonly onChange: () => void;
}

/** One declaration in one session. */
interface Kept {
  readonly declaration: Declaration;
  /** Wakes it up, and has it go away. */
  readonly removal: AbortController;
  made: Made | undefined;
  /** Settles when the router has answered for the first time. */
  readonly answered: Promise<void>;
  /** Settles when it is gone. */
  gone: Promise<void>;
}

/**
 * The declarations of a component in one session. What the router refuses, since it has not noticed yet that our last
 * session is dead, for example, and what it takes away, is asked for again after a while.
 *
 * @internal
 */
export class Restorer {
  readonly #session: Session;
  readonly #options: RestorerOptions;
  readonly #kept = new Map<Declaration, Kept>();
  readonly #pending = new Map<Declaration, Error>();
  #hasChange = false;
  #hasStopped = false;

  constructor(session: Session, options: RestorerOptions) {
    this.#session = session;
    this.#options = options;
  }

  /** What the router has not taken. */
  get pending(): readonly PendingDeclaration[] {
    return [...this.#pending].map(([{ kind, uri }, cause]) => ({ kind, uri, cause }));
  }

  /** Asks for everything at once; resolves when the router has answered each. */
  async restore(declarations: Iterable<Declaration>): Promise<void> {
    await Promise.all([...declarations].map((declaration) => this.add(declaration)));
  }

  /** Asks for a declaration; resolves when the router has answered. */
  add(declaration: Declaration): Promise<void> {
    const answered = Promise.withResolvers<void>();
    const kept: Kept = {
      declaration,
      removal: new AbortController(),
      made: undefined,
      answered: answered.promise,
      gone: Promise.resolve(),
    };
    this.#kept.set(declaration, kept);
    kept.gone = this.#keep(kept, answered.resolve);
    return kept.answered;
  }

  /** Takes a declaration back; resolves when it is gone. Never rejects. */
  async remove(declaration: Declaration): Promise<void> {
    const kept = this.#kept.get(declaration);
    if (kept === undefined) return;
    this.#kept.delete(declaration);
    if (this.#pending.delete(declaration)) this.#noteChange();
    kept.removal.abort();
    await Promise.all([this.#undo(kept.made), kept.gone]);
  }

  /** The session has ended: nothing more is asked for. */
  stop(): void {
    this.#hasStopped = true;
    for (const { removal } of this.#kept.values()) removal.abort();
    this.#kept.clear();
    this.#pending.clear();
  }

  /** Asks, again and again, until it is taken back or the session has ended. */
  async #keep(kept: Kept, onAnswer: () => void): Promise<void> {
    const { declaration, removal: { signal } } = kept;
    const { retry: { minDelay, maxDelay, factor }, random } = this.#options;
    const backoff = new Backoff({ initial: minDelay, max: maxDelay, factor }, random);
    let mayForce = true;
    for (;;) {
      const since = performance.now();
      const cause = await this.#make(kept, mayForce, onAnswer);
      onAnswer();
      if (cause === undefined || signal.aborted || this.#session.state !== "open") return;
      if (cause instanceof RevokedError) {
        // Whoever took it from us by force has it now: taking it back by force would go on for ever.
        mayForce = false;
        if (performance.now() - since >= maxDelay) backoff.reset();
      }
      const retryIn = backoff.next();
      this.#refused(declaration, cause, retryIn);
      try {
        await delay(retryIn, signal);
      } catch {
        return; // taken back
      }
    }
  }

  /** Makes it, and sees it to its end; gives the reason to ask again, if there is one. */
  async #make(kept: Kept, mayForce: boolean, onAnswer: () => void): Promise<Error | undefined> {
    const { declaration, removal: { signal } } = kept;
    try {
      const made = await declaration.make(this.#session, mayForce);
      if (signal.aborted) {
        await this.#undo(made);
        return undefined;
      }
      kept.made = made;
      if (this.#pending.delete(declaration)) this.#restored(declaration);
      onAnswer();
      const { by, reason } = await made.ended;
      return by === "router" ? new RevokedError(declaration.uri, reason) : undefined;
    } catch (error) {
      return toError(error);
    } finally {
      kept.made = undefined;
    }
  }

  async #undo(made: Made | undefined): Promise<void> {
    try {
      await made?.undo();
    } catch (error) {
      this.#options.logger.warn("Cannot take back what was declared", { error: failureMessage(error) });
    }
  }

  #refused(declaration: Declaration, cause: Error, retryIn: number): void {
    const { kind, uri } = declaration;
    this.#pending.set(declaration, cause);
    this.#options.logger.warn(`Cannot restore ${kind}`, { uri, error: failureMessage(cause), retryIn });
    this.#noteChange();
  }

  #restored({ kind, uri }: Declaration): void {
    this.#options.logger.info(`Restored ${kind}`, { uri });
    this.#noteChange();
  }

  /** What changes in one turn is told once. */
  #noteChange(): void {
    if (this.#hasChange) return;
    this.#hasChange = true;
    queueMicrotask(() => {
      this.#hasChange = false;
      if (!this.#hasStopped) this.#options.onChange();
    });
  }
}

/** The router took a registration or subscription away. */
class RevokedError extends ApplicationError {
  override readonly name: string = "RevokedError";

  constructor(uri: string, reason: string | undefined) {
    super(reason ?? ERROR_URI.CANCELED, [`The router took ${uri} away`]);
  }
}
