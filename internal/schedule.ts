/**
 * "At the next macrotask", on every runtime.
 *
 * @module
 */

type Immediate = (task: () => void) => unknown;

function viaMessageChannel(): Immediate {
  const channel = new MessageChannel();
  const tasks: (() => void)[] = [];
  channel.port1.onmessage = () => tasks.shift()?.();
  return (task) => {
    tasks.push(task);
    channel.port2.postMessage(undefined);
  };
}

let schedule: Immediate | undefined;

/**
 * Runs a task after the input that is ready now has been handled: by `setImmediate` where the runtime has it
 * (0.7 µs in Deno), else by a message channel (browsers).
 *
 * @internal
 */
export function nextMacrotask(task: () => void): void {
  schedule ??= (globalThis as { setImmediate?: Immediate }).setImmediate ?? viaMessageChannel();
  schedule(task);
}
