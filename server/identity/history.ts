import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { limits } from '../config/limits.ts';
import type { Database } from '../storage/database.ts';
import type { AuditKind } from './tables.ts';

const { historyKeptFor, historyListed } = limits.identity;

/** In the place of a device, for what the operator did. */
export const operatorDevice = 'Operator';

export type HistoryEntry = { at: number; kind: AuditKind; device: string };

/** The history of the accounts, for their users. */
export type History = {
  add(entry: { kind: AuditKind; userId: string; device: string }): Promise<void>;
  /** Returns the entries of a user, newest first, at most `limits.identity.historyListed`. */
  list(userId: string): Promise<HistoryEntry[]>;
  /** Deletes old entries. */
  sweep(): Promise<void>;
};

export function createHistory(open: () => Promise<Database>): History {
  return {
    async add({ kind, userId, device }) {
      const db = await open();
      await db.write((queries) =>
        queries
          .insertInto('audit_entry')
          .values({ id: randomUUID(), at: db.now(), kind, user_id: userId, device })
          .execute(),
      );
    },

    async list(userId) {
      const db = await open();
      return db.queries
        .selectFrom('audit_entry')
        .select(['at', 'kind', 'device'])
        .where('user_id', '=', userId)
        .orderBy('at', 'desc')
        .orderBy('id')
        .limit(historyListed)
        .execute();
    },

    async sweep() {
      const db = await open();
      await db.write((queries) =>
        queries
          .deleteFrom('audit_entry')
          .where('at', '<', sql<number>`${db.now()} - ${sql.val(historyKeptFor)}`)
          .execute(),
      );
    },
  };
}
