import { isRecord } from '../lib/is-record.ts';
import type { Database } from '../storage/database.ts';
import { type Claims, wordsOf } from './claims.ts';
import type { IdentitySettings, ProviderSettings } from './settings.ts';

/** Roles that a provider gives. `subject`: the user of the ID token that has them. */
export type ClaimedRoles = { subject: string; roles: readonly string[] };

/** Returns the roles that the provider gives a user, or undefined if the claims say nothing about roles. */
export function claimedRolesOf(
  claims: Claims,
  path: ProviderSettings['rolesClaim'],
): readonly string[] | undefined {
  const claimed = path.reduce<unknown>(
    (value, name) => (isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined),
    claims,
  );
  // Sorted, so that another order is no change.
  return claimed === undefined ? undefined : wordsOf(claimed).toSorted();
}

/**
 * Returns the roles of a user: those that the provider gave, and those that the operator gives to the verified address.
 * The latter are never stored, so that one that is taken from the setting is gone with the next start.
 */
export function rolesOf(
  claimed: readonly string[],
  verifiedEmail: string | null,
  rolesByAddress: IdentitySettings['rolesByAddress'],
): readonly string[] {
  const given = rolesByAddress.get(verifiedEmail?.toLowerCase() ?? '') ?? [];
  return [...new Set([...claimed, ...given])];
}

/**
 * Stores the roles of a refreshed session, if they have changed and belong to the user who signed in.
 *
 * @returns undefined if nothing has changed
 */
export async function changeRoles(
  db: Database,
  sessionId: string,
  { subject, roles }: ClaimedRoles,
): Promise<{ userId: string; device: string } | undefined> {
  const stored = JSON.stringify(roles);
  const row = await db.write((queries) =>
    queries
      .updateTable('user_session')
      .set({ roles: stored })
      .where('id', '=', sessionId)
      .where('subject', '=', subject)
      .where('roles', '!=', stored)
      .where('ended_at', 'is', null)
      .returning(['user_id', 'device'])
      .executeTakeFirst(),
  );
  return row && { userId: row.user_id, device: row.device };
}
