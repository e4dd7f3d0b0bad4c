import { expect, test } from 'vitest';
import type { Database } from '#server/storage/database.ts';
import { afterCommit } from '#server/storage/transaction.ts';
import { onEachDatabase } from '#tests/support/each-database.ts';

type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0];

const insert = (queries: Database['queries'], id: number) =>
  queries.insertInto('write_probe').values({ id, filler: '' }).execute();

const rowsIn = async (queries: Database['queries']) =>
  (await queries.selectFrom('write_probe').select('id').orderBy('id').execute()).map(({ id }) => id);

onEachDatabase((database) => {
  test('all statements of a transaction are stored, and it can read what it has written', async () => {
    const { db } = database();
    const seen = await db.transaction(async (transaction) => {
      await insert(transaction, 1);
      await insert(transaction, 2);
      return rowsIn(transaction);
    });
    expect(seen).toEqual([1, 2]);
    expect(await rowsIn(db.queries)).toEqual([1, 2]);
  });

  test('nothing of a transaction is stored if its function throws', async () => {
    const { db } = database();
    const failing = db.transaction(async (transaction) => {
      await insert(transaction, 1);
      throw new Error('changed its mind');
    });
    await expect(failing).rejects.toThrow('changed its mind');
    expect(await rowsIn(db.queries)).toEqual([]);
  });

  test('nothing of a transaction is stored if a statement violates a constraint', async () => {
    const { db } = database();
    const failing = db.transaction(async (transaction) => {
      await insert(transaction, 1);
      await insert(transaction, 1);
    });
    await expect(failing).rejects.toMatchObject({
      code: db.engine === 'sqlite' ? 'SQLITE_CONSTRAINT_PRIMARYKEY' : '23505',
    });
    await db.transaction((transaction) => insert(transaction, 2));
    expect(await rowsIn(db.queries)).toEqual([2]);
  });

  test('other callers do not see what is not committed, and their writes are not part of it', async () => {
    const { db } = database();
    const written = Promise.withResolvers<void>();
    const look = Promise.withResolvers<void>();
    const failing = db.transaction(async (transaction) => {
      await insert(transaction, 1);
      written.resolve();
      await look.promise;
      throw new Error('rolled back');
    });
    await written.promise;
    const other = db.write((queries) => insert(queries, 2));
    expect(await rowsIn(db.queries)).not.toContain(1);
    look.resolve();
    await expect(failing).rejects.toThrow('rolled back');
    await other;
    expect(await rowsIn(db.queries)).toEqual([2]);
  });

  test('transactions that begin together are all stored', async () => {
    const { db } = database();
    const ids = Array.from({ length: 8 }, (_, index) => index);
    await Promise.all(ids.map((id) => db.transaction((transaction) => insert(transaction, id))));
    expect(await rowsIn(db.queries)).toEqual(ids);
  });

  test('a callback is called after the commit, and not after a rollback', async () => {
    const { db } = database();
    const calls: string[] = [];
    const register = async (transaction: Transaction, name: string) =>
      afterCommit(transaction, () => calls.push(name));
    await db.transaction(async (transaction) => {
      await register(transaction, 'committed');
      expect(calls).toEqual([]);
    });
    const failing = db.transaction(async (transaction) => {
      await register(transaction, 'rolled back');
      throw new Error('changed its mind');
    });
    await expect(failing).rejects.toThrow();
    expect(calls).toEqual(['committed']);
  });

  test('a callback cannot be registered in a transaction that was begun in another way', async () => {
    const { db } = database();
    const registering = db.queries.transaction().execute(async (transaction) => {
      afterCommit(transaction, () => undefined);
    });
    await expect(registering).rejects.toThrow('Database.transaction');
  });
});
