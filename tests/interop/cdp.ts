/**
 * A small driver of Chromium over the DevTools protocol, on the platform's own WebSocket.
 *
 * @module
 */

import type { Process, ProcessGroup } from "../support/processes.ts";

const START_TIMEOUT = 60_000;
/** How long a page may take until a condition holds, in milliseconds. */
const WAIT_TIMEOUT = 20_000;
const REMOVE_ATTEMPTS = 20;
/** How long to wait before a profile is removed again, in milliseconds. */
const REMOVE_RETRY = 100;
const FLAGS = [
  "--headless=new",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--remote-debugging-port=0",
];

/** The parts of the protocol's messages that are used here. */
interface DevToolsMessage {
  readonly id?: number;
  readonly method?: string;
  readonly sessionId?: string;
  readonly params?: DevToolsObject;
  readonly result?: DevToolsObject;
  readonly error?: { readonly message: string };
}

type DevToolsObject = Readonly<Record<string, unknown>>;
type EventListener = (method: string, params: DevToolsObject) => void;

/** The connection to the browser: calls with answers, events by session. */
class DevTools {
  readonly #socket: WebSocket;
  readonly #calls: Map<number, PromiseWithResolvers<DevToolsObject>> = new Map();
  readonly #listeners: Map<string, EventListener> = new Map();
  #id = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => this.#take(JSON.parse(String(data))));
    socket.addEventListener("close", () => {
      for (const call of this.#calls.values()) call.reject(new Error("The browser has gone"));
    });
  }

  static async connect(url: string): Promise<DevTools> {
    const socket = new WebSocket(url);
    const devTools = new DevTools(socket);
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener("open", () => resolve());
      socket.addEventListener("error", () => reject(new Error(`Cannot connect to the browser at ${url}`)));
    });
    return devTools;
  }

  call(method: string, params: DevToolsObject = {}, sessionId?: string): Promise<DevToolsObject> {
    const id = ++this.#id;
    const call = Promise.withResolvers<DevToolsObject>();
    this.#calls.set(id, call);
    this.#socket.send(JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) }));
    return call.promise;
  }

  listen(sessionId: string, listener: EventListener): void {
    this.#listeners.set(sessionId, listener);
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.addEventListener("close", () => resolve());
      this.#socket.close();
    });
  }

  #take(message: DevToolsMessage): void {
    if (message.id === undefined) {
      this.#listeners.get(message.sessionId ?? "")?.(message.method ?? "", message.params ?? {});
      return;
    }
    const call = this.#calls.get(message.id);
    this.#calls.delete(message.id);
    if (message.error === undefined) call?.resolve(message.result ?? {});
    else call?.reject(new Error(message.error.message));
  }
}

/** A page in a browser profile of its own. */
export class Page {
  /** What the page complained about: exceptions, errors on its console, failed requests. */
  readonly errors: string[] = [];
  readonly #devTools: DevTools;
  readonly #session: string;

  constructor(devTools: DevTools, session: string) {
    this.#devTools = devTools;
    this.#session = session;
    devTools.listen(session, (method, params) => this.#take(method, params));
  }

  /** Calls a method of the protocol for this page. */
  call(method: string, params: DevToolsObject = {}): Promise<DevToolsObject> {
    return this.#devTools.call(method, params, this.#session);
  }

  /** Evaluates an expression in the page; a promise is awaited. */
  async evaluate(expression: string): Promise<unknown> {
    const answer = await this.call("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    if (answer.exceptionDetails !== undefined) {
      throw new Error(`${expression}: ${JSON.stringify(answer.exceptionDetails)}`);
    }
    return isObject(answer.result) ? answer.result.value : undefined;
  }

  /** Waits until an expression is true in the page. */
  async waitFor(expression: string): Promise<void> {
    const look = `new Promise((resolve) => {
      const deadline = Date.now() + ${WAIT_TIMEOUT};
      const look = () => (${expression}) ? resolve(true) : Date.now() > deadline ? resolve(false) : setTimeout(look, 50);
      look();
    })`;
    if (await this.evaluate(look) !== true) throw new Error(`Not true after ${WAIT_TIMEOUT} ms: ${expression}`);
  }

  /** Types text into an element as a user would. */
  async type(selector: string, text: string): Promise<void> {
    await this.evaluate(`document.querySelector(${JSON.stringify(selector)}).focus()`);
    await this.evaluate(`document.activeElement.select?.()`);
    await this.call("Input.insertText", { text });
  }

  /** Presses Enter where the focus is. */
  async pressEnter(): Promise<void> {
    const key = { key: "Enter", code: "Enter", windowsVirtualKeyCode: 13, text: "\r" };
    await this.call("Input.dispatchKeyEvent", { type: "keyDown", ...key });
    await this.call("Input.dispatchKeyEvent", { type: "keyUp", ...key });
  }

  /** Takes a picture as PNG, base64. */
  async screenshot(): Promise<Uint8Array> {
    const { data } = await this.call("Page.captureScreenshot", { format: "png" });
    return Uint8Array.fromBase64(String(data));
  }

  #take(method: string, params: DevToolsObject): void {
    if (method === "Runtime.exceptionThrown") this.errors.push(JSON.stringify(params.exceptionDetails));
    if (method === "Runtime.consoleAPICalled" && params.type === "error") this.errors.push(JSON.stringify(params.args));
    if (method === "Log.entryAdded" && isObject(params.entry) && params.entry.level === "error") {
      this.errors.push(`${params.entry.text} ${params.entry.url}`);
    }
  }
}

/** A headless Chromium with a fresh profile. */
export class Browser implements AsyncDisposable {
  readonly #devTools: DevTools;
  readonly #process: Process;
  readonly #profile: string;

  private constructor(devTools: DevTools, process: Process, profile: string) {
    this.#devTools = devTools;
    this.#process = process;
    this.#profile = profile;
  }

  /** Starts the program. */
  static async start(program: string, processes: ProcessGroup): Promise<Browser> {
    const profile = await Deno.makeTempDir({ prefix: "viaduct-chromium-" });
    const command = [program, ...FLAGS, `--user-data-dir=${profile}`, "about:blank"];
    const process = processes.start("Chromium", command);
    const [, url = ""] = await process.line(/DevTools listening on (ws:\S+)/, START_TIMEOUT);
    return new Browser(await DevTools.connect(url), process, profile);
  }

  /** Opens a page in a profile of its own and waits until it is loaded. */
  async open(url: string): Promise<Page> {
    const { browserContextId } = await this.#devTools.call("Target.createBrowserContext");
    const { targetId } = await this.#devTools.call("Target.createTarget", { url: "about:blank", browserContextId });
    const { sessionId } = await this.#devTools.call("Target.attachToTarget", { targetId, flatten: true });
    const page = new Page(this.#devTools, String(sessionId));
    for (const domain of ["Page", "Runtime", "Log"]) await page.call(`${domain}.enable`);
    await page.call("Page.navigate", { url });
    await page.waitFor(`location.href !== "about:blank" && document.readyState === "complete"`);
    return page;
  }

  /** Ends the browser and removes its profile. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#devTools.close();
    await this.#process.stop();
    await removeProfile(this.#profile);
  }
}

/** Removes a profile; Chromium's helper processes may still write to it for a moment after it has ended. */
async function removeProfile(folder: string): Promise<void> {
  for (let attempt = 1;; attempt++) {
    try {
      return await Deno.remove(folder, { recursive: true });
    } catch (error) {
      if (attempt === REMOVE_ATTEMPTS) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, REMOVE_RETRY));
  }
}

function isObject(value: unknown): value is DevToolsObject {
  return typeof value === "object" && value !== null;
}
