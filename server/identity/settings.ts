import type { Env } from '../config/env.ts';
import type { AllowedAddresses } from '../config/env-formats.ts';
import { callbackPath, mcpEndpoint } from '../config/paths.ts';
import type { SessionTimes } from './session-lookup.ts';

/** The settings of the OpenID provider. */
export type ProviderSettings = {
  siteUrl: string;
  /** Where the provider sends browsers back. */
  redirectUri: string;
  issuer: string;
  clientId: string;
  /** How this product proves to the provider who it is. */
  credential: { kind: 'secret'; secret: string } | { kind: 'key'; key: Env['OIDC_CLIENT_KEY'] & {} };
  /** Name of the provider, for users. */
  providerName: string;
  scopes: readonly string[];
  /** Path of the roles in the provider's claims, such as `['realm_access', 'roles']`. */
  rolesClaim: readonly string[];
  times: SessionTimes;
};

/** The settings of sign-in. At least one way to sign in is on. */
export type IdentitySettings = {
  siteUrl: string;
  provider: ProviderSettings | undefined;
  /** The addresses that may sign in by mail; undefined if that is off. */
  emailAddresses: AllowedAddresses | undefined;
  /** Roles by verified address in lower case. */
  rolesByAddress: ReadonlyMap<string, readonly string[]>;
  times: SessionTimes;
  /** Audiences of the access tokens that callers may send. */
  audiences: { api: string; mcp: string };
};

/** Returns the settings of sign-in, or undefined if it is off. */
export function identitySettingsOf(env: Env): IdentitySettings | undefined {
  const times = { idle: env.SESSION_IDLE * 1_000, lifetime: env.SESSION_LIFETIME * 1_000 };
  const provider = providerSettingsOf(env, times);
  const { EMAIL_SIGN_IN: emailAddresses } = env;
  if (!provider && !emailAddresses) return undefined;
  return {
    siteUrl: env.SITE_URL,
    provider,
    emailAddresses,
    rolesByAddress: env.ROLES,
    times,
    audiences: { api: env.API_AUDIENCE ?? env.SITE_URL, mcp: `${env.SITE_URL}${mcpEndpoint}` },
  };
}

function providerSettingsOf(env: Env, times: SessionTimes): ProviderSettings | undefined {
  const { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId } = env;
  if (issuer === undefined || clientId === undefined) return undefined;
  return {
    siteUrl: env.SITE_URL,
    redirectUri: `${env.SITE_URL}${callbackPath}`,
    issuer,
    clientId,
    credential: env.OIDC_CLIENT_KEY
      ? { kind: 'key', key: env.OIDC_CLIENT_KEY }
      : { kind: 'secret', secret: env.OIDC_CLIENT_SECRET ?? '' },
    providerName: env.OIDC_NAME ?? new URL(issuer).hostname,
    scopes: env.OIDC_SCOPES,
    rolesClaim: env.OIDC_ROLES_CLAIM.split('.'),
    times,
  };
}
