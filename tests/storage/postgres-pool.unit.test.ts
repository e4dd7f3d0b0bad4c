import type { PostgresCursor, PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import { describe, expect, test, vi } from 'vitest';
import { withTimeouts } from '#server/storage/postgres-pool.ts';

const timeouts = { connect: 20, query: 20 };
const never = () => new Promise<never>(() => undefined);

/** A client of the driver whose queries run a function. */
class FakeClient implements PostgresPoolClient {
  readonly queries: unknown[] = [];
  /** The argument of each release: whether the connection is closed. */
  readonly released: (boolean | undefined)[] = [];
  readonly #run: () => Promise<void>;

  constructor(run: () => Promise<void> = async () => undefined) {
    this.#run = run;
  }

  query<R>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  query<R>(
    statement: string | PostgresCursor<R>,
    parameters: readonly unknown[] = [],
  ): Promise<PostgresQueryResult<R>> | PostgresCursor<R> {
    if (typeof statement !== 'string') return statement;
    this.queries.push([statement, parameters]);
    return this.#run().then(() => ({ command: 'SELECT', rowCount: 0, rows: [] }));
  }

  release(destroy?: boolean): void {
    this.released.push(destroy);
  }
}

function poolOf(connect: () => Promise<PostgresPoolClient>): PostgresPool {
  return withTimeouts({ options: { max: 3 }, connect, end: async () => undefined }, timeouts);
}

const withCode = (code: string) => Object.assign(new Error('text of the driver'), { code });

describe('a connection', () => {
  test('that is not accepted in time fails, and is given back if it comes later', async () => {
    const client = new FakeClient();
    const connecting = Promise.withResolvers<PostgresPoolClient>();
    const pool = poolOf(() => connecting.promise);
    await expect(pool.connect()).rejects.toMatchObject({ name: 'StorageError', code: 'STORAGE_TIMEOUT' });
    expect(client.released).toEqual([]);
    connecting.resolve(client);
    await connecting.promise;
    await Promise.resolve();
    expect(client.released).toEqual([undefined]);
  });

  test('that fails after its timeout causes no unhandled rejection', async () => {
    const connecting = Promise.withResolvers<PostgresPoolClient>();
    await expect(poolOf(() => connecting.promise).connect()).rejects.toMatchObject({
      code: 'STORAGE_TIMEOUT',
    });
    connecting.reject(new Error('timeout exceeded when trying to connect'));
    await new Promise(setImmediate);
  });

  test('that fails with a code keeps its error, and one without a code is a lost connection', async () => {
    const refused = withCode('ECONNREFUSED');
    await expect(poolOf(() => Promise.reject(refused)).connect()).rejects.toBe(refused);
    const lost = new Error('Connection terminated unexpectedly');
    await expect(poolOf(() => Promise.reject(lost)).connect()).rejects.toMatchObject({
      name: 'StorageError',
      code: 'STORAGE_CONNECTION',
      cause: lost,
    });
  });
});

describe('a statement', () => {
  test('returns what the driver returns, and its connection can be used again', async () => {
    const client = new FakeClient();
    const timed = await poolOf(async () => client).connect();
    expect(await timed.query('select $1', [1])).toEqual({ command: 'SELECT', rowCount: 0, rows: [] });
    timed.release();
    expect(client.queries).toEqual([['select $1', [1]]]);
    expect(client.released).toEqual([false]);
  });

  test('without a response in time fails with all that follow on its connection, which is closed', async () => {
    const client = new FakeClient(never);
    const timed = await poolOf(async () => client).connect();
    const timeout = { name: 'StorageError', code: 'STORAGE_TIMEOUT' };
    await expect(timed.query('insert', [])).rejects.toMatchObject(timeout);
    await expect(timed.query('rollback', [])).rejects.toMatchObject(timeout);
    timed.release();
    expect(client.queries).toEqual([['insert', []]]);
    expect(client.released).toEqual([true]);
  });

  test.each([
    ['a write to a read-only server', withCode('25006'), true],
    ['a violated constraint', withCode('23505'), false],
  ])('that fails by %s keeps its error; its connection is closed: %s', async (_, error, isClosed) => {
    const client = new FakeClient(() => Promise.reject(error));
    const timed = await poolOf(async () => client).connect();
    await expect(timed.query('insert', [])).rejects.toBe(error);
    timed.release();
    expect(client.released).toEqual([isClosed]);
  });

  test('that fails without a code has lost its connection', async () => {
    const client = new FakeClient(() => Promise.reject(new Error('Connection terminated')));
    const timed = await poolOf(async () => client).connect();
    await expect(timed.query('select 1', [])).rejects.toMatchObject({ code: 'STORAGE_CONNECTION' });
  });
});

test('a connection is closed if its user asks for it', async () => {
  const client = new FakeClient();
  (await poolOf(async () => client).connect()).release(true);
  expect(client.released).toEqual([true]);
});

test('the end of the pool is that of the driver', async () => {
  const options = { max: 3 };
  const end = vi.fn(async () => undefined);
  const pool = withTimeouts({ options, connect: never, end }, timeouts);
  await pool.end();
  expect(end).toHaveBeenCalledOnce();
  expect(pool.options).toBe(options);
});

test('a cursor is rejected, because its reads would have no timeout', async () => {
  const timed = await poolOf(async () => new FakeClient()).connect();
  expect(() => timed.query({ read: async () => [], close: async () => undefined })).toThrow('no cursors');
});
