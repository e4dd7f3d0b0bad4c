import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type JWK, SignJWT } from 'jose';
import type { Provider } from 'oidc-provider';
import { escapeHtml, page } from './identity-pages.ts';
import { IdentityStorage } from './identity-storage.ts';
import { listenOnLoopback } from './loopback.ts';

/** A made-up person who can sign in at the stand-in. */
interface Person {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly roles: readonly string[];
}

/** Made-up people. */
const people: readonly Person[] = [
  { id: 'ada', name: 'Ada', email: 'ada@people.example', roles: ['editor'] },
  { id: 'grace', name: 'Grace', email: 'grace@people.example', roles: ['admin'] },
  { id: 'bob', name: 'Bob', email: 'bob@people.example', roles: [] },
];

/** A request to the stand-in. */
interface ProviderRequest {
  readonly method: string;
  readonly path: string;
}

export interface IdentityProvider {
  readonly issuer: string;
  /** Environment for the product. */
  readonly env: Readonly<
    Record<'OIDC_ISSUER' | 'OIDC_CLIENT_ID' | 'OIDC_CLIENT_SECRET' | 'OIDC_NAME' | 'OIDC_SCOPES', string>
  >;
  /** All requests so far, oldest first. A test may empty it. */
  readonly requests: ProviderRequest[];
  /** Returns a token with these claims, signed with the provider's key. By default its type is that of an ID token. */
  readonly sign: (claims: Record<string, unknown>, type?: string) => Promise<string>;
  /** Roles that people have instead of those that they began with. A test may change it. */
  readonly changedRoles: Map<string, readonly string[]>;
  /** Handles requests instead of the provider, if it returns true. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  readonly close: () => Promise<void>;
}

export interface IdentityProviderOptions {
  /** Public URL of the product. */
  readonly siteUrl: string;
  /** By default any free one. Users are the same after another start only if it is the same. */
  readonly port?: number;
  /** Requires requests to be pushed (RFC 9126). */
  readonly pushed?: boolean;
  /** Public key of the product, which then proves with its private key who it is, and not with a secret. */
  readonly clientKey?: JWK;
  /** Lifetime of access tokens, in seconds. Default: 60. */
  readonly accessTokenLifetime?: number;
  /** Backends for which it gives tokens, with their scopes (RFC 8707). */
  readonly resources?: Readonly<Record<string, readonly string[]>>;
}

const clientId = 'typed-bff';
/** The client of scripts, which has no secret. */
const scriptClientId = 'typed-bff-cli';

/** Loads the library without its warning of every Node that is not a release with long-term support. */
async function loadLibrary() {
  const { warn } = console;
  console.warn = () => undefined;
  try {
    return await import('oidc-provider');
  } finally {
    console.warn = warn;
  }
}

/**
 * Starts a certified OpenID provider on loopback, with made-up people. Whoever chooses a person is signed in as that
 * person: there are no passwords.
 */
export async function startIdentityProvider({
  siteUrl,
  port,
  pushed = false,
  clientKey,
  accessTokenLifetime = 60,
  resources = {},
}: IdentityProviderOptions): Promise<IdentityProvider> {
  const clientSecret = randomBytes(24).toString('base64url');
  const requests: ProviderRequest[] = [];
  const changedRoles = new Map<string, readonly string[]>();
  let provider: Provider | undefined;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?', 1).join();
    requests.push({ method: request.method ?? '', path });
    if (started.intercept?.(request, response)) return;
    if (!provider) throw new Error('a request arrived before the provider was created');
    if (!/^\/interaction\/[\w-]+$/.test(path)) {
      await provider.callback()(request, response);
      return;
    }
    try {
      if (request.method === 'POST') await finishInteraction(provider, request, response);
      else await showPeople(provider, request, response);
    } catch {
      // The visitor has gone back to a sign-in that is over.
      response.writeHead(400, { 'content-type': 'text/html; charset=utf-8' });
      response.end(page('This sign-in is over', `<p><a href="${siteUrl}">Back to the site</a></p>`));
    }
  }

  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const keyId = randomBytes(8).toString('hex');
  const { url: issuer, close } = await listenOnLoopback(handle, port);
  const started: IdentityProvider = {
    issuer,
    env: {
      OIDC_ISSUER: issuer,
      OIDC_CLIENT_ID: clientId,
      OIDC_CLIENT_SECRET: clientSecret,
      OIDC_NAME: 'the stand-in',
      OIDC_SCOPES: 'openid,profile,email,offline_access',
    },
    requests,
    changedRoles,
    sign: (claims, typ = 'JWT') =>
      new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: keyId, typ }).sign(privateKey),
    intercept: undefined,
    close,
  };
  const key = { ...privateKey.export({ format: 'jwk' }), kid: keyId, use: 'sig' };
  provider = await createProvider({
    issuer,
    siteUrl,
    clientSecret,
    pushed,
    key,
    clientKey,
    accessTokenLifetime,
    resources,
    changedRoles,
  });
  return started;
}

async function createProvider(options: {
  issuer: string;
  siteUrl: string;
  clientSecret: string;
  pushed: boolean;
  key: JWK;
  clientKey: JWK | undefined;
  accessTokenLifetime: number;
  resources: Readonly<Record<string, readonly string[]>>;
  changedRoles: ReadonlyMap<string, readonly string[]>;
}): Promise<Provider> {
  const library = await loadLibrary();
  const {
    issuer,
    siteUrl,
    clientSecret,
    pushed,
    key,
    clientKey,
    accessTokenLifetime,
    resources,
    changedRoles,
  } = options;
  const provider = new library.Provider(issuer, {
    adapter: IdentityStorage,
    clients: [
      {
        client_id: clientId,
        ...(clientKey
          ? { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [clientKey] } }
          : { client_secret: clientSecret }),
        redirect_uris: [`${siteUrl}/auth/callback`],
        post_logout_redirect_uris: [`${siteUrl}/`],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        backchannel_logout_uri: `${siteUrl}/auth/backchannel-logout`,
        backchannel_logout_session_required: true,
      },
      {
        client_id: scriptClientId,
        client_name: 'A script',
        application_type: 'native',
        token_endpoint_auth_method: 'none',
        redirect_uris: [],
        grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
        response_types: [],
      },
    ],
    // Those of `openid` are in each ID token, also after a refresh.
    claims: { openid: ['sub', 'roles'], profile: ['name'], email: ['email', 'email_verified'] },
    findAccount: (_, id) => {
      const person = people.find((each) => each.id === id);
      if (!person) return undefined;
      const { name, email, roles } = person;
      return {
        accountId: id,
        claims: async () => ({
          sub: id,
          name,
          email,
          email_verified: true,
          roles: [...(changedRoles.get(id) ?? roles)],
        }),
      };
    },
    // Access tokens of the product's own API say which roles the person has.
    extraTokenClaims: async (_, token) => ({
      roles: people.find(({ id }) => 'accountId' in token && id === token.accountId)?.roles,
    }),
    fetch: (url, init = {}) => fetch(url, withoutDispatcher(init)),
    jwks: { keys: [key] },
    cookies: { keys: [randomBytes(24).toString('base64url')] },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    issueRefreshToken: async (_, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    // In seconds.
    ttl: {
      AccessToken: accessTokenLifetime,
      AuthorizationCode: 60,
      Grant: 86_400,
      IdToken: 600,
      Interaction: 3_600,
      RefreshToken: 86_400,
      Session: 86_400,
    },
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: async (_, resource) => {
          const scopes = [siteUrl, `${siteUrl}/mcp`].includes(resource) ? [] : resources[resource];
          if (!scopes) throw new library.errors.InvalidTarget();
          return {
            scope: scopes.join(' '),
            audience: resource,
            accessTokenFormat: 'jwt',
            accessTokenTTL: accessTokenLifetime,
            jwt: { sign: { alg: 'RS256' } },
          };
        },
      },
      deviceFlow: {
        enabled: true,
        userCodeInputSource: async (ctx, form, _, error) => {
          const problem = error ? '<p>This code is not known, or is over.</p>' : '';
          const button = '<button form="op.deviceInputForm">Continue</button>';
          ctx.body = page('Which code does the script show?', `${problem}${form}<p>${button}</p>`);
        },
        userCodeConfirmSource: async (ctx, form, _client, _device, code) => {
          const buttons = `<p><button form="op.deviceConfirmForm">It shows this code</button></p>
<p><button form="op.deviceConfirmForm" name="abort" value="yes">Cancel</button></p>`;
          ctx.body = page(`Does the script show ${escapeHtml(code)}?`, `${form}${buttons}`);
        },
        successSource: async (ctx) => {
          ctx.body = page('Signed in', '<p>The script goes on. You can close this page.</p>');
        },
      },
      // Agents register themselves.
      registration: { enabled: true },
      revocation: {
        enabled: true,
        allowedPolicy: async (_, client, token) => token.clientId === client.clientId,
      },
      pushedAuthorizationRequests: { enabled: pushed, requirePushedAuthorizationRequests: pushed },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: async (ctx, form) => {
          const button = '<button form="op.logoutForm" name="logout" value="yes">Sign out</button>';
          ctx.body = page('Sign out here, too?', `${form}<p>${button}</p>`);
        },
      },
    },
    renderError: async (ctx, { error }) => {
      ctx.body = page('Not possible', `<p>${escapeHtml(error)}</p>`);
    },
  });
  // Scripts ask each second whether their user has signed in.
  provider.use(async (ctx, next) => {
    await next();
    if (ctx.path === '/device/auth' && ctx.status === 200) Object.assign(ctx.body ?? {}, { interval: 1 });
  });
  return provider;
}

/** The library's own dispatcher refuses addresses of this machine. */
function withoutDispatcher(init: RequestInit): RequestInit {
  return Object.fromEntries(Object.entries(init).filter(([name]) => name !== 'dispatcher'));
}

async function showPeople(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  await provider.interactionDetails(request, response);
  const buttons = people.map(
    ({ id, name, roles }) =>
      `<p><button name="person" value="${id}">${name}${roles.length > 0 ? ` (${roles.join(', ')})` : ''}</button></p>`,
  );
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
  response.end(
    page(
      'Who are you?',
      `<p>A stand-in for a provider of identities. These people are made up, and there are no passwords.</p>
<form method="post">${buttons.join('\n')}<p><button name="person" value="">Cancel</button></p></form>`,
    ),
  );
}

async function finishInteraction(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { params } = await provider.interactionDetails(request, response);
  const accountId = new URLSearchParams(await bodyOf(request)).get('person') ?? '';
  if (!people.some(({ id }) => id === accountId)) {
    const denied = { error: 'access_denied', error_description: '<b>The person does not want to</b>' };
    return provider.interactionFinished(request, response, denied, { mergeWithLastSubmission: false });
  }
  const scope = String(params.scope ?? 'openid');
  const grant = new provider.Grant({ accountId, clientId: String(params.client_id) });
  grant.addOIDCScope(scope);
  for (const resource of [params.resource ?? []].flat()) grant.addResourceScope(String(resource), scope);
  const consent = { grantId: await grant.save() };
  return provider.interactionFinished(
    request,
    response,
    { login: { accountId }, consent },
    { mergeWithLastSubmission: false },
  );
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
