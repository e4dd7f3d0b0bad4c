import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createKeyring } from '#server/identity/keyring.ts';
import { createLogger } from '#server/observability/log.ts';
import type { Database } from '#server/storage/database.ts';
import { onEachStorage } from '#tests/support/each-database.ts';
import { type IdentityProvider, startIdentityProvider } from '#tests/support/upstreams/identity-provider.ts';
import {
  beginAt,
  device,
  finishAt,
  openDatabaseOf,
  secret,
  siteUrl,
  startInstance,
  userOf,
} from './instance.ts';

const target = { parameter: 'resource', value: 'http://notes.localhost', scopes: ['drafts:read'] } as const;

let provider: IdentityProvider;
beforeAll(async () => {
  provider = await startIdentityProvider({ siteUrl, resources: { [target.value]: target.scopes } });
});
afterAll(() => provider.close());

/** Returns all rows of all tables, as a dump has them. */
async function dumpOf({ engine, queries }: Database): Promise<string> {
  const tables =
    engine === 'sqlite'
      ? sql<{ name: string }>`select name from sqlite_schema where type = 'table'`
      : sql<{
          name: string;
        }>`select table_name as name from information_schema.tables where table_schema = 'public'`;
  const { rows } = await tables.execute(queries);
  const contents = await Promise.all(
    rows.map(({ name }) => sql`select * from ${sql.table(name)}`.execute(queries)),
  );
  return JSON.stringify(contents.map((content) => content.rows));
}

/** Returns the bytes of the SQLite file and its companions. They have deleted rows, too. */
const bytesOf = (folder: string) =>
  readdirSync(folder)
    .filter((name) => name !== 'session-secret')
    .map((name) => readFileSync(join(folder, name)).toString('latin1'))
    .join('\n');

/** Opens the tokens of the sessions, as only the product can. */
async function tokensIn({ queries }: Database): Promise<string[]> {
  const keyring = createKeyring([secret]);
  const sessions = await queries
    .selectFrom('user_session')
    .select(['id', 'id_token_sealed', 'refresh_token_sealed'])
    .execute();
  return sessions.flatMap(({ id, id_token_sealed: idToken, refresh_token_sealed: refreshToken }) => [
    keyring.open(idToken ?? '', `user_session id_token ${id}`) ?? '',
    keyring.open(refreshToken ?? '', `user_session refresh_token ${id}`) ?? '',
  ]);
}

onEachStorage((storage) => {
  test('after sign-ins, refreshes and a sign-out, neither the database nor the log has a token or secret', async () => {
    let output = '';
    const log = createLogger({
      level: 'trace',
      destination: {
        write: (line) => {
          output += line;
        },
      },
    });
    const identity = startInstance({ storage: storage(), provider, targets: [target], log });
    const db = await openDatabaseOf(storage());
    const secrets: string[] = [];
    for (const person of ['ada', 'grace']) {
      const begun = await beginAt(identity, { person });
      const { searchParams } = new URL(begun.search, siteUrl);
      secrets.push(begun.browser, searchParams.get('code') ?? '', searchParams.get('state') ?? '');
      const cookie = await finishAt(identity, begun);
      secrets.push(...cookie.split('.').slice(1));
      const user = identity.callUser(await userOf(identity, cookie));
      secrets.push(...(await tokensIn(db)));
      const token = await user.accessToken(target);
      secrets.push(token, await user.accessToken(target, { refused: token }));
      secrets.push(...(await tokensIn(db)));
      if (person === 'grace') await identity.signOut(cookie, device);
    }
    // A callback that fails is logged, without the query.
    const failed = await identity.finishSignIn({
      browser: 'x',
      search: '?code=made-up-code&state=s',
      device,
    });
    expect(failed.kind).toBe('failed');

    expect(secrets.length).toBe(26);
    expect(secrets.filter((each) => each.length < 8)).toEqual([]);
    const places = { database: await dumpOf(db), files: bytesOf(storage().DATA_DIR), log: output };
    expect(places.database).toContain('ada@people.example');
    expect(places.log).toContain('signed_out');
    for (const [place, text] of Object.entries(places)) {
      expect(text, place).not.toContain('eyJ');
      const found = secrets.filter((each) => text.includes(each));
      expect(found, place).toEqual([]);
    }
    expect(places.log).not.toMatch(/people\.example|made-up-code/);
  });
});
