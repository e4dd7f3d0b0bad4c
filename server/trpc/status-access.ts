import type { Env } from '../config/env.ts';
import { type AppError, isAppError } from '../errors.ts';
import { type Principal, requireScope, requireUser } from '../principal.ts';

/** The settings, and the identity service if users can sign in. */
export type StatusSettings = { env: Pick<Env, 'STATUS_ROLES'>; identity: object | undefined };

/**
 * Rejects callers who may not see the status of this instance. With `STATUS_ROLES`, users with one of these roles may,
 * and other services with the scope `metrics`.
 *
 * @throws AppError `unauthorized`, `sign_in_required`, `session_ended`, `identity_unavailable` or `forbidden`
 */
export function requireStatusAccess(principal: Principal, { env, identity }: StatusSettings): void {
  if (env.STATUS_ROLES.length === 0) return;
  const isPerson = principal.kind === 'user' || principal.kind === 'visitor';
  if (isPerson && identity) requireUser(principal, { roles: env.STATUS_ROLES });
  else requireScope(principal, 'metrics');
}

/** Returns why a caller may not see the status, or undefined. */
export function statusRefusalOf(principal: Principal, settings: StatusSettings): AppError | undefined {
  try {
    requireStatusAccess(principal, settings);
    return undefined;
  } catch (error) {
    if (isAppError(error)) return error;
    throw error;
  }
}
