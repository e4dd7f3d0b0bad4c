import { limits } from '../config/limits.ts';
import type { Database, Queries } from '../storage/database.ts';
import { hasHash, type SessionToken } from './session-token.ts';
import type { Profile } from './users.ts';

/**
 * Outcome of linking. `known`: the user could sign in that way before; `taken`: another user of this site signs in that
 * way; `too_many`: the user has `limits.identity.identitiesPerUser`; `ended`: the session in which it began has ended.
 */
export type LinkOutcome = 'linked' | 'known' | 'taken' | 'too_many' | 'ended';

/** Outcome of unlinking. `last`: it is the only way in which the user can sign in. */
export type UnlinkOutcome = 'unlinked' | 'missing' | 'last';

/** A way in which a user signs in. Times are milliseconds since the epoch. */
export type LinkedIdentity = {
  issuer: string;
  subject: string;
  /** Address or name at the issuer, for the user. */
  label: string | null;
  linkedAt: number;
  lastUsedAt: number;
};

/** Returns the page that shows the outcome of linking. */
export const linkedPath = (returnPath: string, outcome: LinkOutcome): string =>
  `${returnPath}?linked=${outcome}`;

type Key = Pick<Profile, 'issuer' | 'subject'>;

/** The session in which a user began to add a way to sign in. */
export type LinkingSession = { id: string; userId: string };

/**
 * Returns the session to whose user a finished sign-in adds an identity: that in which it began, which must still be the
 * session of the browser. Otherwise another site could make a user add the identity of an attacker.
 *
 * @param begun the session in which it began
 * @param token the session of the browser
 * @returns `ended` if the session is over, and undefined if the browser has another one
 */
export async function linkingSession(
  db: Database,
  begun: LinkingSession | null,
  token: SessionToken | undefined,
): Promise<LinkingSession | 'ended' | undefined> {
  if (!token || begun?.id !== token.id) return undefined;
  const row = await db.queries
    .selectFrom('user_session as session')
    .innerJoin('user_account as user', 'user.id', 'session.user_id')
    .select(['session.secret_hash', 'session.user_id', 'session.ended_at'])
    .where('session.id', '=', token.id)
    .where('session.ends_at', '>', db.now())
    .where('user.disabled_at', 'is', null)
    .executeTakeFirst();
  if (!row) return 'ended';
  if (!hasHash(token.secret, row.secret_hash)) return undefined;
  return row.ended_at === null ? { id: token.id, userId: row.user_id } : 'ended';
}

/**
 * Lets a user sign in with one more identity. The caller has made sure that the user has just proven both: that of the
 * session and this one. Equal addresses link nothing, an identity of another user is never moved, and a session that has
 * ended meanwhile gains nothing.
 */
export async function linkIdentity(
  db: Database,
  session: LinkingSession,
  profile: Profile,
): Promise<LinkOutcome> {
  const { userId } = session;
  return db.write(async (queries) => {
    // Also locks the row: the session cannot end before the identity is stored.
    const open = await queries
      .updateTable('user_session')
      .set({ user_id: userId })
      .where('id', '=', session.id)
      .where('user_id', '=', userId)
      .where('ended_at', 'is', null)
      .where('ends_at', '>', db.now())
      .returning('id')
      .executeTakeFirst();
    if (!open) return 'ended';
    const owner = await ownerOf(queries, profile);
    if (owner !== undefined) return owner === userId ? 'known' : 'taken';
    const own = await queries
      .selectFrom('user_identity')
      .select('subject')
      .where('user_id', '=', userId)
      .execute();
    if (own.length >= limits.identity.identitiesPerUser) return 'too_many';
    if (await addIdentity(queries, db, userId, profile)) return 'linked';
    // Another sign-in with this identity was faster.
    return (await ownerOf(queries, profile)) === userId ? 'known' : 'taken';
  });
}

/**
 * Removes a way to sign in from a user. At least one stays in which the user can sign in, also if two are removed at once.
 * If the removed one has proven the user's address, the address no longer counts as verified.
 *
 * @param isUsable whether a user can sign in that way with the current settings
 */
export async function unlinkIdentity(
  db: Database,
  userId: string,
  identity: Key,
  isUsable: (other: Key) => boolean,
): Promise<UnlinkOutcome> {
  const { issuer, subject } = identity;
  const others = (await listIdentities(db, userId)).filter(
    (other) => (other.issuer !== issuer || other.subject !== subject) && isUsable(other),
  );
  return db.write(async (queries) => {
    // Locks the user's row: on PostgreSQL, two statements at once would not see what the other one deletes.
    await queries.updateTable('user_account').set({ id: userId }).where('id', '=', userId).execute();
    const deleted = await queries
      .deleteFrom('user_identity')
      .where('user_id', '=', userId)
      .where('issuer', '=', issuer)
      .where('subject', '=', subject)
      .where(({ exists, selectFrom }) =>
        exists(
          selectFrom('user_identity as other')
            .select('other.subject')
            .where('other.user_id', '=', userId)
            .where((eb) =>
              eb.or(
                others.map((other) =>
                  eb.and([eb('other.issuer', '=', other.issuer), eb('other.subject', '=', other.subject)]),
                ),
              ),
            ),
        ),
      )
      .returning('label')
      .executeTakeFirst();
    if (deleted) {
      await queries
        .updateTable('user_account')
        .set({ email_verified_at: null })
        .where('id', '=', userId)
        .where('email', '=', deleted.label)
        .execute();
      return 'unlinked';
    }
    return (await ownerOf(queries, identity)) === userId ? 'last' : 'missing';
  });
}

/** Returns the ways in which a user signs in, the oldest first. */
export async function listIdentities(db: Database, userId: string): Promise<LinkedIdentity[]> {
  const rows = await db.queries
    .selectFrom('user_identity')
    .select(['issuer', 'subject', 'label', 'linked_at', 'last_used_at'])
    .where('user_id', '=', userId)
    .orderBy('linked_at')
    .orderBy('subject')
    .execute();
  return rows.map(({ linked_at: linkedAt, last_used_at: lastUsedAt, ...row }) => ({
    ...row,
    linkedAt,
    lastUsedAt,
  }));
}

/** Adds an identity to a user. @returns false if another user, or the same one, has it already */
export async function addIdentity(
  queries: Queries,
  db: Pick<Database, 'now'>,
  userId: string,
  profile: Profile,
): Promise<boolean> {
  const { issuer, subject } = profile;
  const added = await queries
    .insertInto('user_identity')
    .values({
      issuer,
      subject,
      user_id: userId,
      label: labelOf(profile),
      linked_at: db.now(),
      last_used_at: db.now(),
    })
    .onConflict((conflict) => conflict.columns(['issuer', 'subject']).doNothing())
    .returning('user_id')
    .executeTakeFirst();
  return added !== undefined;
}

/** Returns what a user knows an identity by. */
export function labelOf({ email, name }: Pick<Profile, 'email' | 'name'>): string | null {
  return email ?? name;
}

async function ownerOf(queries: Queries, { issuer, subject }: Key): Promise<string | undefined> {
  const row = await queries
    .selectFrom('user_identity')
    .select('user_id')
    .where('issuer', '=', issuer)
    .where('subject', '=', subject)
    .executeTakeFirst();
  return row?.user_id;
}
