import { randomUUID } from 'node:crypto';
import type { Database } from '../storage/database.ts';
import { addIdentity, labelOf } from './linked-identities.ts';

/** A user as the provider describes them. */
export type Profile = {
  issuer: string;
  subject: string;
  name: string | null;
  email: string | null;
  /** Whether the provider says that the address belongs to the user. */
  isEmailVerified: boolean;
};

/** A user who was found by an access token. */
export type TokenUser = { id: string; name: string | null; email: string | null; isEmailVerified: boolean };

/**
 * Returns the user of an access token. A user who has not signed in with a browser yet is created, without a name: the
 * claims of access tokens are not for display.
 *
 * @returns undefined if the user is disabled
 */
export async function findOrCreateTokenUser(
  db: Database,
  identity: Pick<Profile, 'issuer' | 'subject'>,
): Promise<TokenUser | undefined> {
  const find = () =>
    db.queries
      .selectFrom('user_identity')
      .innerJoin('user_account as user', 'user.id', 'user_identity.user_id')
      .select(['user.id', 'user.name', 'user.email', 'user.email_verified_at', 'user.disabled_at'])
      .where('issuer', '=', identity.issuer)
      .where('subject', '=', identity.subject)
      .executeTakeFirst();
  let row = await find();
  if (!row) {
    await findOrCreateUser(db, { ...identity, name: null, email: null, isEmailVerified: false });
    row = await find();
  }
  if (!row || row.disabled_at !== null) return undefined;
  const { id, name, email, email_verified_at: verifiedAt } = row;
  return { id, name, email, isEmailVerified: verifiedAt !== null };
}

/**
 * Returns the id of the user whom the provider knows by this subject, and stores the current name and address. A user who
 * is not known yet is created. An address never identifies a user: it can be claimed at another provider.
 *
 * @returns undefined if the user is disabled
 */
export async function findOrCreateUser(db: Database, profile: Profile): Promise<string | undefined> {
  return db.write(async (queries) => {
    const { issuer, subject } = profile;
    const properties = {
      name: profile.name,
      email: profile.email,
      email_verified_at: profile.isEmailVerified ? db.now() : null,
    };

    async function known(): Promise<string | null | undefined> {
      const row = await queries
        .selectFrom('user_identity')
        .innerJoin('user_account', 'user_account.id', 'user_identity.user_id')
        .select(['user_account.id', 'user_account.disabled_at'])
        .where('issuer', '=', issuer)
        .where('subject', '=', subject)
        .executeTakeFirst();
      if (!row) return undefined;
      if (row.disabled_at !== null) return null;
      await queries
        .updateTable('user_identity')
        .set({ last_used_at: db.now(), label: labelOf(profile) })
        .where('issuer', '=', issuer)
        .where('subject', '=', subject)
        .execute();
      // Not every way to sign in knows a name.
      const { name, ...others } = properties;
      const current = name === null ? others : properties;
      await queries.updateTable('user_account').set(current).where('id', '=', row.id).execute();
      return row.id;
    }

    const existing = await known();
    if (existing !== undefined) return existing ?? undefined;
    const id = randomUUID();
    await queries
      .insertInto('user_account')
      .values({ id, ...properties, created_at: db.now(), disabled_at: null })
      .execute();
    if (await addIdentity(queries, db, id, profile)) return id;
    // Another sign-in of the same new user was faster.
    await queries.deleteFrom('user_account').where('id', '=', id).execute();
    return (await known()) ?? undefined;
  });
}
