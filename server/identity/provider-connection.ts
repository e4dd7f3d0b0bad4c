import type { FetchImplementation, JWTVerifyGetKey } from 'jose';
import type * as Client from 'openid-client';
import { limits } from '../config/limits.ts';
import type { AppError } from '../errors.ts';
import { isLoopbackHost } from '../lib/network-address.ts';
import type { Logger } from '../observability/log.ts';
import type { UpstreamClient } from '../upstream-client/client.ts';
import { unavailable } from './provider-errors.ts';
import { providerFetch } from './provider-fetch.ts';
import type { ProviderSettings } from './settings.ts';

const { metadataFreshFor, metadataFailureFreshFor, providerTimeout, clockTolerance } = limits.identity;

/** The provider's metadata and keys. The provider may be down at any time, also when the product starts. */
export type ProviderConnection = {
  /** Loads the library with the first use: without sign-in it costs nothing. */
  library(): Promise<typeof Client>;
  /**
   * Returns the provider's metadata, which are asked for again each hour. Meanwhile, and while the provider is down, the
   * previous ones are used.
   *
   * @throws AppError `identity_unavailable`
   */
  configuration(): Promise<Client.Configuration>;
  /**
   * Returns the provider's keys. Each set is fetched once, and again when a token names an unknown key.
   *
   * @returns undefined if the provider has none
   * @throws AppError `identity_unavailable`
   */
  keys(): Promise<JWTVerifyGetKey | undefined>;
  /**
   * Notes that the provider does not respond. It is asked again without any sign-in, so that its recovery is noticed.
   *
   * @returns the given error
   */
  noteFailure(error: AppError): AppError;
  /** Returns the state after the latest request for its metadata, or the latest failure that was noted. */
  lastState(): 'ok' | 'down';
};

export function createProviderConnection(options: {
  settings: ProviderSettings;
  upstreams: Pick<UpstreamClient, 'fetchText'>;
  log: Logger;
}): ProviderConnection {
  const { settings, log } = options;
  const { issuer, clientId } = settings;
  const fetch = providerFetch(options.upstreams, issuer);
  let current: { config: Client.Configuration; loadedAt: number } | undefined;
  let failure: { error: AppError; at: number } | undefined;
  let loading: Promise<Client.Configuration> | undefined;
  let recheck: NodeJS.Timeout | undefined;

  const library = () => import('openid-client');

  async function discover(): Promise<Client.Configuration> {
    const client = await library();
    const { protocol, hostname } = new URL(issuer);
    const config = await client.discovery(
      new URL(issuer),
      clientId,
      {
        redirect_uris: [settings.redirectUri],
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

  /** The keys by their URL. */
  const keySets = new Map<string, JWTVerifyGetKey>();

  async function keys(): Promise<JWTVerifyGetKey | undefined> {
    const url = (await configuration()).serverMetadata().jwks_uri;
    if (url === undefined) return undefined;
    const known = keySets.get(url);
    if (known) return known;
    const { createRemoteJWKSet, customFetch } = await import('jose');
    const set = createRemoteJWKSet(new URL(url), {
      timeoutDuration: limits.identity.keysTimeout,
      cooldownDuration: limits.identity.keysCooldown,
      [customFetch]: (...[keysUrl, { headers, method, signal }]: Parameters<FetchImplementation>) =>
        fetch(keysUrl, { method, headers: Object.fromEntries(headers), signal }),
    });
    keySets.clear();
    keySets.set(url, set);
    return set;
  }

  return {
    library,
    configuration,
    keys,
    noteFailure,
    lastState: () => (failure ? 'down' : 'ok'),
  };
}
