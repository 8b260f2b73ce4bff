/**
 * What not every system has.
 *
 * @module
 */

/**
 * Options of a test that Windows cannot run: Deno has no Unix sockets there, node:process does not get SIGHUP, and a
 * program cannot send another one a signal that it could act on.
 */
export const POSIX = { ignore: Deno.build.os === "windows" } as const;
