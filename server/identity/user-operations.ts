import type { Database } from '../storage/database.ts';
import { type History, type HistoryEntry, operatorDevice } from './history.ts';
import { type LinkedIdentity, listIdentities } from './linked-identities.ts';
import type { EndedSession, SessionSummary, Sessions } from './sessions.ts';
import type { AuditKind, SessionEnd } from './tables.ts';

/** A user, for the operator. Times are milliseconds since the epoch. */
export type UserSummary = {
  id: string;
  name: string | null;
  email: string | null;
  createdAt: number;
  disabledAt: number | null;
};

/** Everything about a user, for the operator. */
type UserDetails = UserSummary & {
  identities: LinkedIdentity[];
  sessions: SessionSummary[];
  history: HistoryEntry[];
};

/** Operations on users, for the operator. Running instances know within `limits.identity.sessionFreshFor`. */
export type UserOperations = {
  /**
   * Returns users, the newest first.
   *
   * @param options.email only those with this address, in any case
   */
  list(options: { email?: string | undefined; limit: number }): Promise<UserSummary[]>;
  get(id: string): Promise<UserDetails | undefined>;
  /** Ends all sessions of a user. @returns their number; undefined if there is no such user */
  endSessions(id: string): Promise<number | undefined>;
  /** Ends all sessions of a user, who cannot sign in until enabled again. @returns false if already so, or unknown */
  disable(id: string): Promise<boolean>;
  /** @returns false if the user is not disabled, or unknown */
  enable(id: string): Promise<boolean>;
};

export function createUserOperations(options: {
  open: () => Promise<Database>;
  sessions: Pick<Sessions, 'endAll' | 'list'>;
  history: Pick<History, 'list'>;
  revokeTokens: (ended: readonly EndedSession[]) => Promise<void>;
  note: (kind: AuditKind, userId: string, device: string) => Promise<void>;
}): UserOperations {
  const { open, sessions, history, revokeTokens, note } = options;
  const why: SessionEnd = 'operator';

  async function users() {
    const db = await open();
    return db.queries
      .selectFrom('user_account')
      .select(['id', 'name', 'email', 'created_at', 'disabled_at'])
      .orderBy('created_at', 'desc')
      .orderBy('id');
  }

  async function endAll(id: string): Promise<number> {
    const ended = await sessions.endAll(id, { why });
    await revokeTokens(ended);
    return ended.length;
  }

  return {
    async list({ email, limit }) {
      const query = await users();
      const rows = await query
        .$if(email !== undefined, (each) =>
          each.where((eb) => eb(eb.fn<string>('lower', ['email']), '=', email?.toLowerCase() ?? '')),
        )
        .limit(limit)
        .execute();
      return rows.map(toSummary);
    },

    async get(id) {
      const row = await (await users()).where('id', '=', id).executeTakeFirst();
      if (!row) return undefined;
      const identities = await listIdentities(await open(), id);
      return {
        ...toSummary(row),
        identities,
        sessions: await sessions.list(id),
        history: await history.list(id),
      };
    },

    async endSessions(id) {
      const row = await (await users()).where('id', '=', id).executeTakeFirst();
      if (!row) return undefined;
      const count = await endAll(id);
      if (count > 0) await note('ended_by_operator', id, operatorDevice);
      return count;
    },

    async disable(id) {
      const db = await open();
      const row = await db.write((queries) =>
        queries
          .updateTable('user_account')
          .set({ disabled_at: db.now() })
          .where('id', '=', id)
          .where('disabled_at', 'is', null)
          .returning('id')
          .executeTakeFirst(),
      );
      // Also if already disabled: the last attempt may have failed in between.
      await endAll(id);
      if (row) await note('disabled', id, operatorDevice);
      return row !== undefined;
    },

    async enable(id) {
      const db = await open();
      // A sign-in that was on its way when the user was disabled may have left a session.
      await endAll(id);
      const row = await db.write((queries) =>
        queries
          .updateTable('user_account')
          .set({ disabled_at: null })
          .where('id', '=', id)
          .where('disabled_at', 'is not', null)
          .returning('id')
          .executeTakeFirst(),
      );
      if (row) await note('enabled', id, operatorDevice);
      return row !== undefined;
    },
  };
}

function toSummary(row: {
  id: string;
  name: string | null;
  email: string | null;
  created_at: number;
  disabled_at: number | null;
}): UserSummary {
  const { created_at: createdAt, disabled_at: disabledAt, ...user } = row;
  return { ...user, createdAt, disabledAt };
}
