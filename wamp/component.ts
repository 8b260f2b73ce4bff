/**
 * A program's part in a realm, that stays connected.
 *
 * @module
 */

import type { Component, ComponentOptions } from "./component_api.ts";

/**
 * Makes a component.
 *
 * @param options The ways to the router, the realm, who we are.
 * @returns The component, which does nothing until {@linkcode Component.run}.
 *
 * @public
 */
export function component(options: ComponentOptions): Component {
  throw new Error(`Not there yet: ${options.realm}`);
}

/**
 * Runs components until all have stopped. Where one fails, the others are stopped.
 *
 * @param components The components.
 * @param options `signal`: stops all of them.
 * @returns Resolves when all have stopped.
 * @throws {Error} The cause of the first that became `fatal`, when all others have left.
 *
 * @public
 */
export async function run(
  components: readonly Component[],
  options: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  await Promise.all(components.map((one) => one.run(options)));
}
