/**
 * Calls and publishes what a person writes into two forms.
 *
 * @module
 */

/// <reference lib="dom" />

import { ApplicationError } from "../../../wamp/errors.ts";
import type { Session } from "../../../wamp/session_api.ts";
import { byId, make, makeTime } from "./dom.ts";
import { formatArguments, formatValue, InputError, parseList, parseObject } from "./values.ts";

const MAX_LINES = 50;

/** What calls and publishes for the forms: a session, or something that hands on to one. @internal */
export type Actor = Pick<Session, "callResult" | "callProgressive" | "publish">;

/** What a form says: a URI, and arguments. */
interface Request {
  readonly uri: string;
  readonly args: readonly unknown[];
  readonly kwargs: Record<string, unknown>;
}

/** A log of what a form did, the newest on top. */
class Log {
  readonly #list: HTMLOListElement;

  constructor(id: string) {
    this.#list = byId(id, HTMLOListElement);
  }

  add(name: string, text: string, note = ""): void {
    const item = make("li", "", makeTime(), " ", make("b", "", name), ` ${text} `, make("span", "note", note));
    this.#prepend(item);
  }

  fail(error: unknown): void {
    const item = error instanceof ApplicationError
      ? make("li", "failed", makeTime(), " ", make("b", "", error.uri), ` ${formatArguments(error.args, error.kwargs)}`)
      : make("li", "failed", makeTime(), " ", make("b", "", error instanceof Error ? error.message : String(error)));
    this.#prepend(item);
  }

  #prepend(item: HTMLLIElement): void {
    this.#list.prepend(item);
    while (this.#list.childElementCount > MAX_LINES) this.#list.lastElementChild?.remove();
  }
}

/** Reads a form; marks the field that cannot be understood. */
function readForm(name: "call" | "publish"): Request {
  const uri = byId(`${name}-uri`, HTMLInputElement).value.trim();
  const args = readField(byId(`${name}-args`, HTMLTextAreaElement), parseList);
  const kwargs = readField(byId(`${name}-kwargs`, HTMLTextAreaElement), parseObject);
  return { uri, args, kwargs };
}

function readField<Value>(field: HTMLTextAreaElement, parse: (text: string) => Value): Value {
  try {
    const value = parse(field.value);
    field.removeAttribute("aria-invalid");
    return value;
  } catch (error) {
    if (error instanceof InputError) {
      field.setAttribute("aria-invalid", "true");
      field.focus();
    }
    throw error;
  }
}

/** The two forms. @internal */
export class Forms {
  readonly #results = new Log("results");
  readonly #published = new Log("published");
  readonly #cancel = byId("cancel", HTMLButtonElement);
  /** Calls that are open. */
  readonly #calls: Set<AbortController> = new Set();
  #actor: Actor | undefined;

  /** Finds the forms on the page. */
  constructor() {
    submitByEnter("call");
    submitByEnter("publish");
    byId("call", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#call();
    });
    byId("publish", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#publish();
    });
    this.#cancel.addEventListener("click", () => {
      for (const call of this.#calls) call.abort(new Error("Cancelled"));
    });
  }

  /** Works with this from now on. */
  start(actor: Actor): void {
    this.#actor = actor;
  }

  /** Puts a procedure into the form. */
  chooseProcedure(uri: string): void {
    byId("call-uri", HTMLInputElement).value = uri;
    byId("call-args", HTMLTextAreaElement).focus();
  }

  /** Puts a topic into the form. */
  chooseTopic(uri: string): void {
    byId("publish-uri", HTMLInputElement).value = uri;
  }

  async #call(): Promise<void> {
    const controller = new AbortController();
    this.#track(controller, true);
    try {
      const { uri, args, kwargs } = readForm("call");
      const progressive = byId("call-progress", HTMLInputElement).checked;
      await this.#showResults(uri, args, { kwargs, signal: controller.signal }, progressive);
    } catch (error) {
      this.#results.fail(error);
    } finally {
      this.#track(controller, false);
    }
  }

  async #showResults(
    uri: string,
    args: readonly unknown[],
    options: { readonly kwargs: Request["kwargs"]; readonly signal: AbortSignal },
    progressive: boolean,
  ): Promise<void> {
    const actor = this.#actor;
    if (actor === undefined) return;
    const started = performance.now();
    const show = (result: Pick<Request, "args" | "kwargs">, isLast: boolean): void => {
      const text = result.args.length === 1 && Object.keys(result.kwargs).length === 0
        ? formatValue(result.args[0])
        : formatArguments(result.args, result.kwargs) || "(nothing)";
      const note = `${(performance.now() - started).toFixed(1)} ms`;
      this.#results.add(uri, text, isLast ? note : `${note}, more follows`);
    };
    if (!progressive) return show(await actor.callResult(uri, args, options), true);
    for await (const result of actor.callProgressive(uri, args, options)) show(result, !result.progress);
  }

  async #publish(): Promise<void> {
    const actor = this.#actor;
    if (actor === undefined) return;
    try {
      const { uri, args, kwargs } = readForm("publish");
      const publication = await actor.publish(uri, args, { kwargs, acknowledge: true, excludeMe: !takesOwnEvents() });
      this.#published.add(uri, formatArguments(args, kwargs), `publication ${publication}`);
    } catch (error) {
      this.#published.fail(error);
    }
  }

  #track(controller: AbortController, isOpen: boolean): void {
    if (isOpen) this.#calls.add(controller);
    else this.#calls.delete(controller);
    this.#cancel.disabled = this.#calls.size === 0;
  }
}

/** Not every page has a box for that. */
function takesOwnEvents(): boolean {
  const box = document.getElementById("publish-echo");
  return box instanceof HTMLInputElement && box.checked;
}

/** Enter sends a form also from where it would begin a line; Shift and Enter do that. */
function submitByEnter(name: "call" | "publish"): void {
  const form = byId(name, HTMLFormElement);
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    if (!(event.target instanceof HTMLTextAreaElement)) return;
    event.preventDefault();
    form.requestSubmit();
  });
}
