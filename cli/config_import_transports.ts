/**
 * Converts Crossbar.io's transports.
 *
 * @module
 */

import { importAuth, type ImportedMethod } from "./config_import_auth.ts";
import type { ImportSource } from "./config_import_source.ts";

/** A transport of ours, and how sessions authenticate on it. @internal */
export interface ImportedTransport {
  /** What theirs is called, where it is called anything. */
  readonly id: string | undefined;
  readonly config: Readonly<Record<string, unknown>>;
  readonly auth: readonly ImportedMethod[];
}

const NO_PAGES = "web pages and services are served by a web server, not by the router";
const NO_COOKIES = "cookies are not used";
/** Where a port is an environment variable, or another transport took it. */
const FIRST_FREE_PORT = 8080;

/** A listener of theirs. */
interface ImportedListener {
  readonly endpoint: Readonly<Record<string, unknown>>;
  /** What theirs is called, where it is called anything. */
  readonly id: string | undefined;
  /** Its first WebSocket: the paths, and what another must say to share it. */
  first: { readonly paths: string[]; readonly key: string } | undefined;
}

/** Converts transports, one listener after the other. @internal */
export class TransportImport {
  readonly transports: ImportedTransport[] = [];
  readonly #ports = new Set<number>();

  /** Takes the ports that are given, so that those that must be found are others. */
  reserve(port: unknown): void {
    if (typeof port === "number") this.#ports.add(port);
  }

  /** Converts one transport of theirs into as many as it takes. */
  async add(source: ImportSource): Promise<void> {
    const [type, id] = [source.text("type") ?? "", source.text("id")];
    const listen = (): ImportedListener => ({ endpoint: this.#endpoint(source), id, first: undefined });
    source.skip("debug");
    switch (type) {
      case "websocket":
        await this.#webSocket(source, listen(), [pathOfUrl(source)]);
        break;
      case "rawsocket":
        await this.#rawSocket(source, listen());
        break;
      case "web":
        await this.#web(source, listen());
        break;
      case "universal":
        await this.#universal(source, listen());
        break;
      default:
        source.note(`transports of type ${JSON.stringify(type)} have no counterpart`);
        source.skip(...source.names);
    }
    source.finish();
  }

  async #universal(source: ImportSource, listener: ImportedListener): Promise<void> {
    source.leave("mqtt", "MQTT is not spoken");
    const [paths, web, raw] = [source.object("websocket"), source.object("web"), source.object("rawsocket")];
    for (const path of paths?.names ?? []) {
      const own = paths?.object(path);
      if (own === undefined) continue;
      await this.#onPath(own, listener, path);
      own.finish();
    }
    if (web !== undefined) {
      await this.#web(web, listener);
      web.finish();
    }
    if (raw === undefined) return;
    raw.skip("debug");
    await this.#rawSocket(raw, listener.first === undefined ? listener : this.#beside(raw, listener));
    raw.finish();
  }

  /** RawSocket and WebSocket cannot share a listener here. */
  #beside(raw: ImportSource, { endpoint, id }: ImportedListener): ImportedListener {
    const own = { id: id && `${id}-rawsocket`, first: undefined };
    if (typeof endpoint.unix === "string") {
      const unix = `${endpoint.unix}.raw`;
      raw.note(`cannot share a Unix socket with WebSocket: it is at ${unix} now`);
      return { ...own, endpoint: { unix } };
    }
    const port = this.#freePort();
    raw.note(`cannot share a port with WebSocket: it is on port ${port} now`);
    return { ...own, endpoint: { ...endpoint, port } };
  }

  #freePort(): number {
    let port = FIRST_FREE_PORT;
    while (this.#ports.has(port)) port++;
    this.#ports.add(port);
    return port;
  }

  async #web(source: ImportSource, listener: ImportedListener): Promise<void> {
    source.leave("options", NO_PAGES);
    await this.#paths(source.object("paths"), "", listener);
  }

  /** Looks for WebSockets among the paths, and below them. */
  async #paths(paths: ImportSource | undefined, prefix: string, listener: ImportedListener): Promise<void> {
    for (const name of paths?.names ?? []) {
      const service = paths?.object(name);
      if (service === undefined) continue;
      const type = service.text("type");
      const path = `${prefix.replace(/\/$/, "")}/${name.replace(/^\//, "")}`;
      if (type === "websocket") await this.#onPath(service, listener, path);
      else if (type === "path") await this.#paths(service.object("paths"), path, listener);
      else {
        service.note(`the service ${type ?? "without a type"} has no counterpart: ${NO_PAGES}`);
        service.skip(...service.names);
      }
      service.finish();
    }
  }

  /** A WebSocket on a path: the first of its listener, or one that is like it in everything else. */
  async #onPath(source: ImportSource, listener: ImportedListener, name: string): Promise<void> {
    const path = `/${name.replace(/^\//, "")}`;
    const key = JSON.stringify(["serializers", "options", "auth"].map((member) => source.peek(member)));
    source.skip("type", "debug", "url");
    if (listener.first === undefined) {
      listener.first = { paths: [path], key };
      return await this.#webSocket(source, listener, listener.first.paths);
    }
    if (listener.first.key === key) {
      source.skip("serializers", "options", "auth");
      source.leave("cookie", NO_COOKIES);
      listener.first.paths.push(path);
    } else {
      source.note("the paths of a listener have the same options and authentication: give this one a port of its own");
      source.skip(...source.names);
    }
  }

  async #webSocket(source: ImportSource, { endpoint, id }: ImportedListener, path: readonly string[]): Promise<void> {
    source.leave("cookie", NO_COOKIES);
    const serializers = readSerializers(source, true);
    const options = readWebSocketOptions(source.object("options"));
    const auth = await importAuth(source.object("auth"));
    this.transports.push({ id, config: { type: "websocket", ...endpoint, path, ...serializers, ...options }, auth });
  }

  async #rawSocket(source: ImportSource, { endpoint, id }: ImportedListener): Promise<void> {
    const serializers = readSerializers(source, false);
    const options = source.object("options");
    const limits = limitsOf(options?.number("max_message_size") ?? source.number("max_message_size"));
    options?.finish();
    const auth = await importAuth(source.object("auth"));
    this.transports.push({ id, config: { type: "rawsocket", ...endpoint, ...serializers, ...limits }, auth });
  }

  #endpoint(source: ImportSource): Readonly<Record<string, unknown>> {
    const endpoint = source.object("endpoint");
    const type = endpoint?.text("type") ?? "tcp";
    if (endpoint === undefined) {
      source.note("has no endpoint");
      return { port: this.#freePort() };
    }
    endpoint.leave("backlog", "the system's is used");
    if (type === "unix") {
      const unix = endpoint.text("path") ?? "";
      endpoint.finish();
      return { unix };
    }
    if (type !== "tcp") endpoint.note(`endpoints of type ${type} have no counterpart: it listens on a TCP port now`);
    const version = endpoint.number("version") ?? 4;
    const hostname = endpoint.text("interface") ?? (version === 6 ? "::" : "0.0.0.0");
    const tls = readTls(endpoint.object("tls"));
    const port = this.#port(endpoint);
    endpoint.finish();
    return { port, hostname, ...tls };
  }

  #port(endpoint: ImportSource): number {
    const port = endpoint.take("port");
    if (typeof port === "number") return port;
    const free = this.#freePort();
    if (port !== undefined) endpoint.leave("port", `the port must be a number: it is ${free} now`);
    else endpoint.leave("portrange", `there is no range of ports: it is ${free} now`);
    return free;
  }
}

function pathOfUrl(source: ImportSource): string {
  const url = URL.parse(source.text("url") ?? "");
  const path = url?.pathname ?? "/";
  source.note(`a WebSocket transport takes every path there; here it is ${path} alone`);
  return path;
}

function readTls(tls: ImportSource | undefined): Readonly<Record<string, unknown>> {
  if (tls === undefined) return {};
  const [key, cert] = [tls.text("key") ?? "", tls.text("certificate") ?? ""];
  const authorities = tls.texts("ca_certificates");
  tls.leave("chain_certificates", "append them to the certificate's file");
  tls.leave("dhparam", "the runtime chooses");
  tls.leave("ciphers", "the runtime chooses");
  tls.finish();
  const clientCaCerts = authorities?.map((file) => ({ file }));
  const identity = { cert: { file: cert }, key: { file: key } };
  return { tls: clientCaCerts?.length ? { ...identity, clientCaCerts } : identity };
}

const SERIALIZERS: readonly string[] = ["json", "msgpack", "cbor", "ubjson"];

/** Over WebSocket theirs stands for the batched form as well. */
function readSerializers(source: ImportSource, hasBatched: boolean): Readonly<Record<string, unknown>> {
  const names = source.texts("serializers");
  const known = names?.filter((name) => SERIALIZERS.includes(name)) ?? [];
  if (names !== undefined && known.length < names.length) {
    const unknown = names.filter((name) => !SERIALIZERS.includes(name)).join(", ");
    source.leave("serializers", `there is no serializer ${unknown}`);
  }
  if (known.length === 0) return {};
  const serializers = hasBatched ? known.flatMap((name) => [`${name}.batched`, name]) : known;
  return { serializers: [...new Set(serializers)] };
}

function limitsOf(maxMessage: number | undefined): { readonly limits?: { readonly maxMessage: number } } {
  return maxMessage === undefined || maxMessage < 1024 ? {} : { limits: { maxMessage } };
}

function readWebSocketOptions(options: ImportSource | undefined): Readonly<Record<string, unknown>> {
  if (options === undefined) return { origins: "any" };
  const [interval, timeout] = [options.number("auto_ping_interval"), options.number("auto_ping_timeout")];
  const handshakeTimeout = options.number("open_handshake_timeout");
  const keepalive = interval === 0 ? false : {
    ...(interval !== undefined && { interval }),
    ...(timeout !== undefined && timeout > 0 && { timeout }),
  };
  const compression = readCompression(options.object("compression"));
  const read = {
    origins: readOrigins(options),
    ...(keepalive === false || Object.keys(keepalive).length > 0 ? { keepalive } : {}),
    ...(handshakeTimeout !== undefined && handshakeTimeout > 0 && { handshakeTimeout }),
    ...limitsOf(options.number("max_message_size")),
    ...(compression !== undefined && { compression }),
  };
  // These are what the protocol asks for, or what happens here anyway.
  options.skip("enable_rfc6455", "validate_utf8", "require_masked_client_frames", "tcp_nodelay", "enable_webstatus");
  options.skip("require_websocket_subprotocol", "auto_ping_size", "auto_ping_restart_on_any_traffic");
  options.skip("close_handshake_timeout", "show_server_version", "echo_close_codereason", "fail_by_drop");
  options.finish("cannot be set");
  return read;
}

/** Theirs are patterns, and all origins where there are none. */
function readOrigins(options: ImportSource): "any" | readonly string[] {
  const origins = options.texts("allowed_origins") ?? ["*"];
  const mayBeNull = options.flag("allow_null_origin") ?? true;
  if (origins.includes("*")) return "any";
  const plain = origins.filter((origin) => /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#@\\\s*]+$/.test(origin));
  if (plain.length < origins.length) {
    const others = origins.filter((origin) => !plain.includes(origin)).join(", ");
    options.leave("allowed_origins", `an origin has no wildcards: ${others} is left out, list what it stands for`);
  }
  return mayBeNull ? [...plain, "null"] : plain;
}

function readCompression(compression: ImportSource | undefined): object | undefined {
  const deflate = compression?.object("deflate");
  compression?.finish();
  if (deflate === undefined) return undefined;
  const members = {
    serverNoContextTakeover: deflate.flag("no_context_takeover"),
    clientNoContextTakeover: deflate.flag("request_no_context_takeover"),
    serverMaxWindowBits: windowBits(deflate.number("max_window_bits")),
    clientMaxWindowBits: windowBits(deflate.number("request_max_window_bits")),
    memLevel: deflate.number("memory_level"),
  };
  deflate.finish("cannot be set");
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

/** 0 is their default. */
function windowBits(bits: number | undefined): number | undefined {
  return bits === 0 ? undefined : bits;
}
