import type { EventEmitter } from 'node:events';
import { onTestFinished } from 'vitest';

const signals: EventEmitter = process;

/** Delivers signals to the listeners that this process gets from now on, which are removed at the end of the test. */
export function ownSignals(...names: NodeJS.Signals[]) {
  const others = new Set(names.flatMap((name) => signals.listeners(name)));
  const listenersOf = (name: NodeJS.Signals) =>
    signals.listeners(name).filter((listener) => !others.has(listener));
  onTestFinished(() => {
    for (const name of names) for (const listener of listenersOf(name)) signals.off(name, listener);
  });
  return {
    listenersOf,
    send(name: NodeJS.Signals): void {
      for (const listener of listenersOf(name)) listener(name);
    },
  };
}
