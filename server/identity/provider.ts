import type { JWTVerifyGetKey } from 'jose';
import type * as Client from 'openid-client';
import { limits } from '../config/limits.ts';
import { AppError, isAppError } from '../errors.ts';
import type { Logger } from '../observability/log.ts';
import type { UpstreamClient } from '../upstream-client/client.ts';
import type { TokenTarget } from '../upstream-client/user-token.ts';
import { type VerifiedToken, verifyAccessToken } from './bearer-tokens.ts';
import { type Claims, joinClaims, wordsOf } from './claims.ts';
import { type ProviderLogout, verifyLogoutToken } from './logout-token.ts';
import { createProviderConnection } from './provider-connection.ts';
import { isConnectionFailure, unavailable, upstreamErrorIn, withoutProviderText } from './provider-errors.ts';
import { type ClaimedRoles, claimedRolesOf } from './roles.ts';
import { randomSecret } from './session-token.ts';
import type { ProviderSettings } from './settings.ts';
import type { SignIn } from './sign-ins.ts';
import { parametersOf } from './token-target.ts';

const { revocationTimeout, clockTolerance, refreshedBefore, unknownTokenLifetime } = limits.identity;

/** The result of a finished sign-in. */
export type ProviderResponse = {
  subject: string;
  claims: Claims;
  /** The provider's id of its own session. */
  sid: string | null;
  /** In milliseconds since the epoch, by the provider's clock; undefined if it does not say. */
  authenticatedAt: number | undefined;
  scopes: readonly string[];
  idToken: string | null;
  refreshToken: string | null;
};

/** The result of a refresh. */
export type RefreshedTokens = {
  accessToken: string;
  /** Time in which the access token is used, in milliseconds: it is refreshed before its end. */
  useFor: number;
  /** Null if the provider leaves the previous one valid. */
  refreshToken: string | null;
  /** Undefined if the response has no ID token with roles: then those of the sign-in stay. */
  claimed: ClaimedRoles | undefined;
};

type Tokens = Awaited<ReturnType<typeof Client.authorizationCodeGrant>>;

/** The OpenID provider. It may be down at any time, also when the product starts. */
export type Provider = {
  /**
   * Begins a sign-in. `url` is the provider's page for it.
   *
   * @throws AppError `identity_unavailable`
   */
  begin(options: {
    isFresh: boolean;
    /** Begins the state, so that the callback shows what it is for. */
    statePrefix?: string;
  }): Promise<{ url: string } & Pick<SignIn, 'state' | 'nonce' | 'codeVerifier'>>;
  /**
   * Finishes a sign-in.
   *
   * @param search query of the callback, with its question mark
   * @throws AppError `sign_in_denied`, `sign_in_failed` or `identity_unavailable`
   */
  finish(signIn: SignIn & { beganAt: number }, search: string): Promise<ProviderResponse>;
  /**
   * Gets a new access token for a backend.
   *
   * @throws AppError `session_ended` if the provider no longer accepts the refresh token, `reauthentication_required` if
   * the user has not granted it, or `identity_unavailable`
   */
  refresh(refreshToken: string, target: TokenTarget): Promise<RefreshedTokens>;
  /** Revokes a refresh token, if the provider can. Takes at most `limits.identity.revocationTimeout`. Does not throw. */
  revoke(refreshToken: string): Promise<void>;
  /**
   * Verifies a logout token of the provider.
   *
   * @returns undefined if it is not valid
   * @throws AppError `identity_unavailable` if the provider's keys cannot be fetched
   */
  logoutOf(token: string): Promise<ProviderLogout | undefined>;
  /**
   * Verifies an access token that a caller sent.
   *
   * @returns undefined if it is not valid for this audience
   * @throws AppError `identity_unavailable` if the provider's keys cannot be fetched
   */
  verifyAccessToken(token: string, audience: string): Promise<VerifiedToken | undefined>;
  /** Returns the provider's page that ends its own session, or undefined if it has none or is down. */
  endSessionUrl(idToken: string | null): Promise<string | undefined>;
  /** Returns the state after the latest request for its metadata, or the latest sign-in that failed because of it. */
  lastState(): 'ok' | 'down';
};

export function createProvider(options: {
  settings: ProviderSettings;
  /** The backends for which users must grant tokens at sign-in. */
  targets?: readonly TokenTarget[];
  upstreams: Pick<UpstreamClient, 'fetchText'>;
  log: Logger;
}): Provider {
  const { settings, log, targets = [] } = options;
  const { issuer, clientId, siteUrl, redirectUri } = settings;
  const { library, configuration, keys, noteFailure, lastState } = createProviderConnection(options);

  /**
   * Reads the profile of a user with the tokens of a finished sign-in.
   *
   * @throws AppError `sign_in_failed`, or the error of the library
   */
  async function responseOf(tokens: Tokens, signIn: SignIn & { beganAt: number }): Promise<ProviderResponse> {
    const [client, config] = [await library(), await configuration()];
    const idClaims = tokens.claims();
    if (!idClaims) throw new AppError('sign_in_failed');
    const { sub: subject, auth_time: authTime } = idClaims;
    const authenticatedAt = typeof authTime === 'number' ? authTime * 1_000 : undefined;
    if (signIn.isFresh && !(authenticatedAt && authenticatedAt >= signIn.beganAt - clockTolerance)) {
      throw new AppError('sign_in_failed', {
        cause: new Error('the provider did not ask the user again'),
      });
    }
    const hasProfile = idClaims.email !== undefined && idClaims.name !== undefined;
    const userInfo =
      hasProfile || config.serverMetadata().userinfo_endpoint === undefined
        ? {}
        : await client.fetchUserInfo(config, tokens.access_token, subject);
    return {
      subject,
      claims: joinClaims(userInfo, idClaims),
      sid: typeof idClaims.sid === 'string' ? idClaims.sid : null,
      authenticatedAt,
      scopes: tokens.scope === undefined ? settings.scopes : wordsOf(tokens.scope),
      idToken: tokens.id_token ?? null,
      refreshToken: tokens.refresh_token ?? null,
    };
  }

  /**
   * Verifies a token with the provider's keys.
   *
   * @returns undefined if it is not valid
   * @throws AppError `identity_unavailable` if the keys cannot be fetched
   */
  async function verified<T>(verify: (keySet: JWTVerifyGetKey) => Promise<T>): Promise<T | undefined> {
    const keySet = await keys();
    if (!keySet) return undefined;
    try {
      return await verify(keySet);
    } catch (error) {
      const { errors } = await import('jose');
      // The library has no class of its own for a response that is not 200 or not JSON.
      const isAboutKeys =
        !(error instanceof errors.JOSEError) ||
        ['ERR_JOSE_GENERIC', 'ERR_JWKS_INVALID', 'ERR_JWKS_TIMEOUT'].includes(error.code);
      if (isAboutKeys || upstreamErrorIn(error)) throw unavailable(error);
      log.warn({ err: withoutProviderText(error) }, 'a token of the identity provider is not valid');
      return undefined;
    }
  }

  async function revoke(refreshToken: string): Promise<void> {
    try {
      const [client, config] = [await library(), await configuration()];
      if (config.serverMetadata().revocation_endpoint === undefined) return;
      const timeout = AbortSignal.timeout(revocationTimeout);
      const expired = new Promise<never>((_, reject) => {
        timeout.addEventListener('abort', () => reject(timeout.reason));
      });
      const hint = { token_type_hint: 'refresh_token' };
      await Promise.race([client.tokenRevocation(config, refreshToken, hint), expired]);
    } catch (err) {
      log.warn({ err: withoutProviderText(err) }, 'a refresh token could not be revoked');
    }
  }

  /** Returns the roles of a refreshed ID token. The library has verified the token. */
  function claimedRolesIn(tokens: Pick<Tokens, 'claims'>): ClaimedRoles | undefined {
    const claims = tokens.claims();
    const roles = claims && claimedRolesOf(claims, settings.rolesClaim);
    return roles && { subject: claims.sub, roles };
  }

  return {
    async begin({ isFresh, statePrefix = '' }) {
      const [client, config] = [await library(), await configuration()];
      const secrets = {
        state: `${statePrefix}${randomSecret()}`,
        nonce: randomSecret(),
        codeVerifier: client.randomPKCECodeVerifier(),
      };
      const parameters = new URLSearchParams({
        redirect_uri: redirectUri,
        scope: [...new Set([settings.scopes, ...targets.map(({ scopes }) => scopes)].flat())].join(' '),
        response_type: 'code',
        state: secrets.state,
        nonce: secrets.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(secrets.codeVerifier),
        code_challenge_method: 'S256',
        // max_age makes the provider say when the user proved who they are, which some procedures ask.
        ...(isFresh
          ? { prompt: 'login', max_age: '0' }
          : { max_age: String(Math.ceil(settings.times.lifetime / 1_000)) }),
      });
      for (const { parameter, value } of targets) {
        if (parameter !== 'none' && !parameters.has(parameter, value)) parameters.append(parameter, value);
      }
      const isPushed = config.serverMetadata().pushed_authorization_request_endpoint !== undefined;
      try {
        const url = isPushed
          ? await client.buildAuthorizationUrlWithPAR(config, parameters)
          : client.buildAuthorizationUrl(config, parameters);
        return { url: url.href, ...secrets };
      } catch (cause) {
        throw noteFailure(unavailable(cause));
      }
    },

    async finish(signIn, search) {
      const [client, config] = [await library(), await configuration()];
      try {
        const tokens = await client.authorizationCodeGrant(config, new URL(`${redirectUri}${search}`), {
          pkceCodeVerifier: signIn.codeVerifier,
          expectedState: signIn.state,
          expectedNonce: signIn.nonce,
          idTokenExpected: true,
        });
        try {
          return await responseOf(tokens, signIn);
        } catch (error) {
          // No session will have it.
          if (tokens.refresh_token !== undefined) void revoke(tokens.refresh_token);
          throw error;
        }
      } catch (error) {
        const failed = signInFailure(client, error);
        throw failed.reason === 'identity_unavailable' ? noteFailure(failed) : failed;
      }
    },

    async refresh(refreshToken, target) {
      const [client, config] = [await library(), await configuration()];
      const ask = async () => {
        const tokens = await client.refreshTokenGrant(config, refreshToken, parametersOf(target));
        const lifetime = (tokens.expires_in ?? unknownTokenLifetime / 1_000) * 1_000;
        return {
          accessToken: tokens.access_token,
          useFor: lifetime - Math.min(refreshedBefore, lifetime / 10),
          refreshToken: tokens.refresh_token ?? null,
          claimed: claimedRolesIn(tokens),
        };
      };
      try {
        return await ask().catch((error: unknown) => {
          // Whether or not the provider has used up the refresh token, asking once more loses nothing. A provider that is
          // slow would only take twice as long.
          if (isConnectionFailure(error)) return ask();
          throw error;
        });
      } catch (error) {
        const refusal = error instanceof client.ResponseBodyError ? refusals[error.error] : undefined;
        if (refusal) throw new AppError(refusal, { cause: withoutProviderText(error) });
        throw noteFailure(unavailable(error));
      }
    },

    revoke,

    logoutOf: (token) => verified((keySet) => verifyLogoutToken(token, { issuer, clientId, keys: keySet })),

    verifyAccessToken: (token, audience) =>
      verified((keySet) => verifyAccessToken(token, { issuer, audience, clientId, keys: keySet })),

    async endSessionUrl(idToken) {
      try {
        const [client, config] = [await library(), await configuration()];
        if (config.serverMetadata().end_session_endpoint === undefined) return undefined;
        return client.buildEndSessionUrl(config, {
          post_logout_redirect_uri: `${siteUrl}/`,
          ...(idToken === null ? {} : { id_token_hint: idToken }),
        }).href;
      } catch {
        // The user is signed out here in any case.
        return undefined;
      }
    },

    lastState,
  };
}

/** Meaning of the provider's refusals to refresh: the session is over there, or the user must grant more. */
const refusals: Readonly<Record<string, 'session_ended' | 'reauthentication_required'>> = {
  invalid_grant: 'session_ended',
  invalid_scope: 'reauthentication_required',
  invalid_target: 'reauthentication_required',
  access_denied: 'reauthentication_required',
  consent_required: 'reauthentication_required',
  interaction_required: 'reauthentication_required',
  login_required: 'reauthentication_required',
};

/** Converts an error of a sign-in. What the provider says is never shown to the user. */
function signInFailure(client: typeof Client, error: unknown): AppError {
  if (isAppError(error)) return error;
  if (upstreamErrorIn(error)) return unavailable(error);
  const isDenied = error instanceof client.AuthorizationResponseError && error.error === 'access_denied';
  return new AppError(isDenied ? 'sign_in_denied' : 'sign_in_failed', { cause: withoutProviderText(error) });
}
