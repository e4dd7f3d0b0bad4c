import type { Transaction } from 'kysely';
import type { Queries } from './database.ts';
import type { Tables } from './tables.ts';

const callbacks = new WeakMap<Transaction<Tables>, (() => void)[]>();

/** Runs statements in one transaction, and then the callbacks of `afterCommit`. */
export async function runTransaction<T>(
  queries: Queries,
  statements: (transaction: Transaction<Tables>) => Promise<T>,
): Promise<T> {
  const committed: (() => void)[] = [];
  const result = await queries.transaction().execute((transaction) => {
    callbacks.set(transaction, committed);
    return statements(transaction);
  });
  for (const callback of committed) callback();
  return result;
}

/**
 * Calls back once a transaction of `Database.transaction` is committed, and never after a rollback.
 *
 * @param callback must not throw
 * @throws Error for a transaction that was begun in another way
 */
export function afterCommit(transaction: Transaction<Tables>, callback: () => void): void {
  const registered = callbacks.get(transaction);
  if (!registered) throw new Error('This transaction was not begun by Database.transaction().');
  registered.push(callback);
}
