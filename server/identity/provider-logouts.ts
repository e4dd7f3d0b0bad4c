import { sql } from 'kysely';
import { limits } from '../config/limits.ts';
import type { Database } from '../storage/database.ts';
import { hashOf } from './session-token.ts';

/** The logouts that the provider has sent lately: the ids of their tokens, and the sessions that they end. */
export type ProviderLogouts = {
  add(issuer: string, of: LogoutId): Promise<void>;
  has(issuer: string, of: LogoutId): Promise<boolean>;
  sweep(): Promise<void>;
};

/** The id of a logout token, or the provider's id of a session. */
type LogoutId = { kind: 'token' | 'session'; id: string };

const hashFor = (issuer: string, { kind, id }: LogoutId) => hashOf(JSON.stringify([kind, issuer, id]));

export function createProviderLogouts(open: () => Promise<Database>): ProviderLogouts {
  return {
    async add(issuer, of) {
      const db = await open();
      const keptUntil = sql<number>`${db.now()} + ${sql.val(limits.identity.logoutKeptFor)}`;
      await db.write((queries) =>
        queries
          .insertInto('provider_logout')
          .values({ hash: hashFor(issuer, of), kept_until: keptUntil })
          .onConflict((conflict) => conflict.column('hash').doNothing())
          .execute(),
      );
    },

    async has(issuer, of) {
      const { queries } = await open();
      const row = await queries
        .selectFrom('provider_logout')
        .select('hash')
        .where('hash', '=', hashFor(issuer, of))
        .executeTakeFirst();
      return row !== undefined;
    },

    async sweep() {
      const db = await open();
      await db.write((queries) =>
        queries.deleteFrom('provider_logout').where('kept_until', '<=', db.now()).execute(),
      );
    },
  };
}
