/**
 * The one way by which portable code reaches a runtime's built-in modules: `process.getBuiltinModule`, which Deno,
 * Node and Bun have and browsers lack. Nothing is imported, so that every file loads everywhere.
 *
 * @module
 */

import type * as buffer from "node:buffer";
import type * as crypto from "node:crypto";
import type * as diagnosticsChannel from "node:diagnostics_channel";
import type * as net from "node:net";
import type * as stream from "node:stream";
import type * as tls from "node:tls";
import type * as zlib from "node:zlib";

/** The built-in modules that this library may use, by specifier. @internal */
export interface Builtins {
  readonly "node:buffer": typeof buffer;
  readonly "node:crypto": typeof crypto;
  readonly "node:diagnostics_channel": typeof diagnosticsChannel;
  readonly "node:net": typeof net;
  readonly "node:stream": typeof stream;
  readonly "node:tls": typeof tls;
  readonly "node:zlib": typeof zlib;
}

interface BuiltinHost {
  readonly process?: {
    readonly getBuiltinModule?: <Name extends keyof Builtins>(name: Name) => Builtins[Name] | undefined;
  };
}

/**
 * Gives a built-in module of the runtime, or `undefined` where the runtime has none of that name or cannot say so.
 *
 * @param name The module's specifier, with the `node:` prefix.
 * @returns The module's namespace.
 *
 * @internal
 */
export function builtin<Name extends keyof Builtins>(name: Name): Builtins[Name] | undefined {
  const host: BuiltinHost = globalThis;
  // Called as a method: Node reads `this` in some releases.
  return host.process?.getBuiltinModule?.(name) ?? undefined;
}
