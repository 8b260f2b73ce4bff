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
/** What runs at the next macrotask, once one is asked for. */
let tasks: (() => void)[] | undefined;

/**
 * Runs a task after the input that is ready now has been handled: by `setImmediate` where the runtime has it
 * (0.7 µs in Deno, so that all connections share one), else by a message channel (browsers).
 *
 * @internal
 */
export function nextMacrotask(task: () => void): void {
  if (tasks !== undefined) {
    tasks.push(task);
    return;
  }
  tasks = [task];
  schedule ??= (globalThis as { setImmediate?: Immediate }).setImmediate ?? viaMessageChannel();
  schedule(runTasks);
}

function runTasks(): void {
  const due = tasks ?? [];
  tasks = undefined;
  for (const task of due) {
    try {
      task();
    } catch (error) {
      // One connection's bug is reported as if it had run alone, and does not stop the others.
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}
