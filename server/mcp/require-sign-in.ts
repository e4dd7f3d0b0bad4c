import type { Env } from '../config/env.ts';
import { mcpEndpoint } from '../config/paths.ts';
import { bearerChallenge } from '../http/challenge.ts';
import { HttpError } from '../http/http-error.ts';
import type { Principal } from '../principal.ts';
import type { ProcedureEntry } from '../trpc/procedure-registry.ts';
import { isForUsers, isOpen } from './tools.ts';

/**
 * Rejects the call of a tool that needs a user, or another scope, before MCP handles it: clients let their user sign in
 * only after a challenge in HTTP.
 *
 * @throws HttpError `sign_in_required` or `forbidden`
 */
export function requireSignIn(
  entry: ProcedureEntry,
  principal: Principal,
  env: Pick<Env, 'OIDC_ISSUER' | 'SITE_URL'>,
): void {
  if (env.OIDC_ISSUER === undefined || !isForUsers(entry)) return;
  const scopes = entry.meta.user?.scopes ?? [];
  if (principal.kind === 'visitor' && !isOpen(entry)) {
    const headers = bearerChallenge(env, { resource: mcpEndpoint, scopes });
    throw new HttpError('sign_in_required', { headers });
  }
  if (principal.kind === 'user' && !scopes.every((each) => principal.user.scopes.includes(each))) {
    const headers = bearerChallenge(env, { resource: mcpEndpoint, error: 'insufficient_scope', scopes });
    throw new HttpError('forbidden', { headers });
  }
}
