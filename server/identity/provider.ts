import type { FetchImplementation, JWTVerifyGetKey } from 'jose';
import type * as Client from 'openid-client';
import { limits } from '../config/limits.ts';
import { AppError, isAppError } from '../errors.ts';
import { isLoopbackHost } from '../lib/network-address.ts';
import type { Logger } from '../observability/log.ts';
import type { UpstreamClient } from '../upstream-client/client.ts';
import type { TokenTarget } from '../upstream-client/user-token.ts';
import { type Claims, wordsOf } from './claims.ts';
import { type ProviderLogout, verifyLogoutToken } from './logout-token.ts';
import { providerFetch } from './provider-fetch.ts';
import { randomSecret } from './session-token.ts';
import type { IdentitySettings } from './settings.ts';
import type { SignIn } from './sign-ins.ts';
import { parametersOf } from './token-target.ts';

const {
  metadataFreshFor,
  metadataFailureFreshFor,
  providerTimeout,
  revocationTimeout,
  clockTolerance,
  refreshedBefore,
  unknownTokenLifetime,
} = limits.identity;

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
  /** Returns the provider's page that ends its own session, or undefined if it has none or is down. */
  endSessionUrl(idToken: string | null): Promise<string | undefined>;
  /** Returns the state after the latest request for its metadata, or the latest sign-in that failed because of it. */
  lastState(): 'ok' | 'down';
};

export function createProvider(options: {
  settings: IdentitySettings;
  /** The backends for which users must grant tokens at sign-in. */
  targets?: readonly TokenTarget[];
  upstreams: Pick<UpstreamClient, 'fetchText'>;
  log: Logger;
}): Provider {
  const { settings, log, targets = [] } = options;
  const { issuer, clientId, siteUrl } = settings;
  const redirectUri = `${siteUrl}/auth/callback`;
  const fetch = providerFetch(options.upstreams, issuer);
  let current: { config: Client.Configuration; loadedAt: number } | undefined;
  let failure: { error: AppError; at: number } | undefined;
  let loading: Promise<Client.Configuration> | undefined;
  let recheck: NodeJS.Timeout | undefined;

  /** Loads the library with the first use: without sign-in it costs nothing. */
  const library = () => import('openid-client');

  async function discover(): Promise<Client.Configuration> {
    const client = await library();
    const { protocol, hostname } = new URL(issuer);
    const config = await client.discovery(
      new URL(issuer),
      clientId,
      {
        redirect_uris: [redirectUri],
        response_types: ['code'],
        [client.clockTolerance]: clockTolerance / 1_000,
      },
      await authentication(client),
      {
        timeout: providerTimeout / 1_000,
        [client.customFetch]: fetch,
        execute: [
          // Signatures of ID tokens are checked, although the tokens come over a direct connection.
          client.enableNonRepudiationChecks,
          ...(protocol === 'http:' && isLoopbackHost(hostname) ? [client.allowInsecureRequests] : []),
        ],
      },
    );
    config.timeout = providerTimeout / 1_000;
    return config;
  }

  async function authentication(client: typeof Client): Promise<Client.ClientAuth> {
    const { credential } = settings;
    if (credential.kind === 'key') {
      const { key } = credential;
      const { importJWK } = await import('jose');
      const imported = await importJWK(key, key.alg);
      if (imported instanceof Uint8Array) throw new Error('OIDC_CLIENT_KEY is not a private key');
      return client.PrivateKeyJwt(key.kid !== undefined ? { key: imported, kid: key.kid } : imported);
    }
    const basic = client.ClientSecretBasic(credential.secret);
    const post = client.ClientSecretPost(credential.secret);
    return (server, ...rest) => {
      const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
      (methods.includes('client_secret_basic') ? basic : post)(server, ...rest);
    };
  }

  async function load(): Promise<Client.Configuration> {
    try {
      const config = await discover();
      if (failure) log.info('the identity provider responds again');
      failure = undefined;
      current = { config, loadedAt: performance.now() };
      return config;
    } catch (cause) {
      throw noteFailure(unavailable(cause));
    } finally {
      loading = undefined;
    }
  }

  /** Notes that the provider does not respond. It is asked again without any sign-in, so that its recovery is noticed. */
  function noteFailure(error: AppError): AppError {
    if (!failure) log.error({ err: error }, 'the identity provider does not respond');
    failure = { error, at: performance.now() };
    if (recheck) return error;
    recheck = setTimeout(() => {
      recheck = undefined;
      loading ??= load();
      loading.catch(() => undefined);
    }, metadataFailureFreshFor).unref();
    return error;
  }

  /**
   * Returns the provider's metadata, which are asked for again each hour. Meanwhile, and while the provider is down, the
   * previous ones are used.
   *
   * @throws AppError `identity_unavailable`
   */
  async function configuration(): Promise<Client.Configuration> {
    const now = performance.now();
    if (current && now - current.loadedAt < metadataFreshFor) return current.config;
    if (failure && now - failure.at < metadataFailureFreshFor) {
      if (current) return current.config;
      throw failure.error;
    }
    loading ??= load();
    if (!current) return loading;
    loading.catch(() => undefined);
    return current.config;
  }

  /** The provider's keys by their URL: each set is fetched once, and again when a token names an unknown key. */
  const keySets = new Map<string, JWTVerifyGetKey>();

  async function keysOf(config: Client.Configuration): Promise<JWTVerifyGetKey | undefined> {
    const url = config.serverMetadata().jwks_uri;
    if (url === undefined) return undefined;
    const known = keySets.get(url);
    if (known) return known;
    const { createRemoteJWKSet, customFetch } = await import('jose');
    const keys = createRemoteJWKSet(new URL(url), {
      timeoutDuration: limits.identity.keysTimeout,
      cooldownDuration: limits.identity.keysCooldown,
      [customFetch]: (...[keysUrl, { headers, method, signal }]: Parameters<FetchImplementation>) =>
        fetch(keysUrl, { method, headers: Object.fromEntries(headers), signal }),
    });
    keySets.clear();
    keySets.set(url, keys);
    return keys;
  }

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
      claims: { ...userInfo, ...idClaims },
      sid: typeof idClaims.sid === 'string' ? idClaims.sid : null,
      authenticatedAt,
      scopes: tokens.scope === undefined ? settings.scopes : wordsOf(tokens.scope),
      idToken: tokens.id_token ?? null,
      refreshToken: tokens.refresh_token ?? null,
    };
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

  return {
    async begin({ isFresh }) {
      const [client, config] = [await library(), await configuration()];
      const secrets = {
        state: randomSecret(),
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
        };
      };
      try {
        return await ask().catch((error: unknown) => {
          // Without a response, the provider may have used up the refresh token or not: asking once more loses nothing.
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

    async logoutOf(token) {
      const keys = await keysOf(await configuration());
      if (!keys) return undefined;
      try {
        return await verifyLogoutToken(token, { issuer, clientId, keys });
      } catch (error) {
        const { errors } = await import('jose');
        const isFetched = error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout);
        if (!isFetched || upstreamErrorIn(error)) throw unavailable(error);
        log.warn({ err: withoutProviderText(error) }, 'a logout token is not valid');
        return undefined;
      }
    },

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

    lastState: () => (failure ? 'down' : 'ok'),
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

function unavailable(cause: unknown): AppError {
  return new AppError('identity_unavailable', { cause: withoutProviderText(cause) });
}

/** Converts an error of a sign-in. What the provider says is never shown to the user. */
function signInFailure(client: typeof Client, error: unknown): AppError {
  if (isAppError(error)) return error;
  if (upstreamErrorIn(error)) return unavailable(error);
  const isDenied = error instanceof client.AuthorizationResponseError && error.error === 'access_denied';
  return new AppError(isDenied ? 'sign_in_denied' : 'sign_in_failed', { cause: withoutProviderText(error) });
}

/** Returns the error of the connection that the library has wrapped, if it is one. */
function upstreamErrorIn(error: unknown): AppError | undefined {
  const seen = new Set<unknown>();
  for (let each = error; each instanceof Error && !seen.has(each); each = each.cause) {
    if (isAppError(each)) return each;
    seen.add(each);
  }
  return undefined;
}

/** Returns whether a request may have reached the provider, of which no response came. */
function isConnectionFailure(error: unknown): boolean {
  const failure = upstreamErrorIn(error);
  return failure?.reason === 'upstream_timeout' || failure?.reason === 'upstream_unreachable';
}

/**
 * Returns an error for the log: the connection's own, or the library's message and code, which are fixed texts. The
 * causes of the library contain responses of the provider, and with them tokens.
 */
function withoutProviderText(error: unknown): Error {
  const connection = upstreamErrorIn(error);
  if (connection) return connection;
  if (!(error instanceof Error)) return new Error('unknown error');
  const code = 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : '';
  const oauth = 'error' in error && typeof error.error === 'string' ? error.error : undefined;
  const reason = oauth !== undefined && /^[a-z_]{1,40}$/.test(oauth) ? `: ${oauth}` : '';
  return new Error(`${error.message.slice(0, 200)}${code}${reason}`);
}
