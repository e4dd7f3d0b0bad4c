import { setImmediate as nextTurn } from 'node:timers/promises';
import { limits } from '../config/limits.ts';

/**
 * Maps the elements of an array one after the other. Each time this has taken `limits.turnTime`, other requests get
 * their turn of the event loop.
 */
export async function mapInTurns<T, R>(values: readonly T[], map: (value: T) => R): Promise<R[]> {
  const results: R[] = [];
  let turnStartedAt = performance.now();
  for (const value of values) {
    if (performance.now() - turnStartedAt >= limits.turnTime) {
      await nextTurn();
      turnStartedAt = performance.now();
    }
    results.push(map(value));
  }
  return results;
}
