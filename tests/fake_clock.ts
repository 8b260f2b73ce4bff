/**
 * A clock that tests move: that of `./testing`.
 *
 * @module
 */

import { FakeClock } from "../testing/fake_clock.ts";

export { FakeClock, settled } from "../testing/fake_clock.ts";

/** Runs `body` with a clock of its own. @internal */
export async function withFakeClock(body: (clock: FakeClock) => Promise<void> | void): Promise<void> {
  const clock = new FakeClock().install();
  try {
    await body(clock);
  } finally {
    clock.uninstall();
  }
}
