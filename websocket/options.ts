/**
 * What every connection can be told, in both roles.
 *
 * @module
 */

import { type Logger, SILENT_LOGGER } from "../internal/log.ts";
import type { CompressionOptions } from "./extension.ts";

/**
 * Bounds on what one connection may hold. All are inclusive.
 *
 * @public
 */
export interface ConnectionLimits {
  /** The largest message accepted, in bytes after inflating; a larger one fails with 1009. @default {16777216} */
  readonly maxMessage?: number;
  /**
   * The most bytes that may wait to be written. A message that would go over it is refused with
   * {@linkcode SendBufferError} and the connection is ended; an empty buffer admits any one message. @default {4194304}
   */
  readonly maxSendBuffer?: number;
  /**
   * Above this many bytes waiting to be written, `send()` answers a promise that is pending, and the handler form stops
   * reading. @default {262144}
   */
  readonly sendHighWaterMark?: number;
  /** Above this many bytes of messages waiting to be taken by iteration, reading stops. @default {262144} */
  readonly receiveHighWaterMark?: number;
}

/**
 * How a dead peer is found: after `interval` of silence a ping is sent, and after `timeout` more of silence the
 * connection ends with 1006. Any byte received is life; so is, where more waits to be sent than the high-water mark
 * allows, any byte taken. While the program pauses reading nobody is taken for dead.
 *
 * @public
 */
export interface KeepaliveOptions {
  /** How long nothing may arrive before a ping is sent, in milliseconds. @default {20000} */
  readonly interval?: number;
  /** How long nothing may arrive after that ping, in milliseconds. @default {20000} */
  readonly timeout?: number;
}

/**
 * Options of a connection, in both roles.
 *
 * @public
 */
export interface ConnectionOptions {
  /** Offer or accept permessage-deflate (RFC 7692). It costs time and memory: worth it for slow links. @default {false} */
  readonly compression?: boolean | CompressionOptions;
  /** How a dead peer is found, or `false` for not at all. @default {{ interval: 20000, timeout: 20000 }} */
  readonly keepalive?: false | KeepaliveOptions;
  /** Bounds on what the connection may hold. */
  readonly limits?: ConnectionLimits;
  /** How long the closing handshake may take in all, in milliseconds; then TCP is closed. @default {5000} */
  readonly closeTimeout?: number;
  /** How long a message may take to arrive, in milliseconds, or 0 for no bound. @default {0} */
  readonly messageTimeout?: number;
  /** Gets log records. @default {silent} */
  readonly logger?: Logger;
}

/** {@linkcode ConnectionOptions}, checked and complete; shared by the connections of a server. @internal */
export interface ResolvedOptions {
  readonly compression: CompressionOptions | undefined;
  readonly keepaliveInterval: number;
  readonly keepaliveTimeout: number;
  readonly maxMessage: number;
  readonly maxSendBuffer: number;
  readonly sendHighWaterMark: number;
  readonly receiveHighWaterMark: number;
  readonly closeTimeout: number;
  readonly messageTimeout: number;
  readonly logger: Logger;
}

/** The longest delay that a runtime's timer keeps, in milliseconds. */
const MAX_DELAY = 0x7fff_ffff;

/** Checks connection options and fills in the defaults. @internal */
export function resolveOptions(options: ConnectionOptions): ResolvedOptions {
  const { compression = false, keepalive = {}, limits = {}, closeTimeout = 5_000, messageTimeout = 0 } = options;
  const { interval = 20_000, timeout = 20_000 } = keepalive === false ? { interval: 0 } : keepalive;
  if (keepalive !== false) checkDelay("keepalive.interval", interval, 1);
  checkDelay("keepalive.timeout", timeout, 1);
  checkDelay("closeTimeout", closeTimeout, 1);
  checkDelay("messageTimeout", messageTimeout, 0);
  return {
    compression: compression === true ? {} : compression === false ? undefined : compression,
    keepaliveInterval: interval,
    keepaliveTimeout: timeout,
    maxMessage: checkSize("limits.maxMessage", limits.maxMessage ?? 16 << 20),
    maxSendBuffer: checkSize("limits.maxSendBuffer", limits.maxSendBuffer ?? 4 << 20),
    sendHighWaterMark: checkSize("limits.sendHighWaterMark", limits.sendHighWaterMark ?? 256 << 10),
    receiveHighWaterMark: checkSize("limits.receiveHighWaterMark", limits.receiveHighWaterMark ?? 256 << 10),
    closeTimeout,
    messageTimeout,
    logger: options.logger ?? SILENT_LOGGER,
  };
}

/** Checks a time in milliseconds. @internal */
export function checkDelay(name: string, value: number, least: number): number {
  if (!(value >= least && value <= MAX_DELAY)) {
    throw new RangeError(`Option ${name} must be ${least} to ${MAX_DELAY} milliseconds, received ${value}`);
  }
  return value;
}

/** Checks a size in bytes, or a count. @internal */
export function checkSize(name: string, value: number): number {
  if (!(Number.isSafeInteger(value) && value >= 0)) {
    throw new RangeError(`Option ${name} must be a whole number of at least 0, received ${value}`);
  }
  return value;
}
