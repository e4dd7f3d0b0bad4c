/**
 * Access tokens of a user for scripts. `npm run sign-in` signs the user in, and a script uses what it stored:
 *
 * ```ts
 * const baseUrl = 'http://localhost:3000';
 * const api = createScriptClient({ baseUrl, token: storedToken({ baseUrl }) });
 * ```
 */
import * as openid from 'openid-client';
import { z } from 'zod';
import { readTokenFile, type StoredSignIn, tokenFileOf, withFileLock, writeTokenFile } from './token-file.ts';

/** The user must sign in: there is no stored sign-in, or the provider has ended it. */
export class SignInRequiredError extends Error {
  override readonly name = 'SignInRequiredError';
}

export type SignInOptions = {
  /** URL of the product, without a path. */
  baseUrl: string;
  /** Id of the script at the provider: a public client that may use the device flow. */
  clientId: string;
  /** Audience of the token, if the product's `API_AUDIENCE` is not its URL. */
  resource?: string;
  scopes?: readonly string[];
  /** File for the tokens. Default: `~/.config/typed-bff/<host>.json`. */
  file?: string;
  /** Shows the user the code and the page for it. */
  onCode(prompt: { url: string; code: string; completeUrl: string | undefined; expiresIn: number }): void;
  signal?: AbortSignal;
};

const metadataSchema = z.object({ resource: z.string(), authorization_servers: z.array(z.url()).min(1) });

/** An access token is refreshed this long before its end, in milliseconds, or a tenth of its lifetime if that is shorter. */
const refreshedBefore = 30_000;

/** Time limit for each request to the provider, in seconds. */
const providerTimeout = 10;

/**
 * Signs a user in with the device flow (RFC 8628) and stores the tokens in a file that only its owner can read.
 *
 * @returns the file
 * @throws Error if users cannot sign in there, or the user did not
 */
export async function signIn(options: SignInOptions): Promise<string> {
  const { baseUrl, clientId, scopes = ['openid', 'offline_access'], signal } = options;
  const { file = tokenFileOf(baseUrl), onCode } = options;
  const { issuer, resource } = await resourceOf(baseUrl, options.resource);
  const config = await configurationOf(issuer, clientId);
  const parameters = { resource, scope: scopes.join(' ') };
  const device = await openid.initiateDeviceAuthorization(config, parameters);
  onCode({
    url: device.verification_uri,
    code: device.user_code,
    completeUrl: device.verification_uri_complete,
    expiresIn: device.expires_in,
  });
  const tokens = await openid.pollDeviceAuthorizationGrant(
    config,
    device,
    { resource },
    signal ? { signal } : {},
  );
  await writeTokenFile(file, storedFrom(tokens, { issuer, clientId, resource, refreshToken: null }));
  return file;
}

/**
 * Returns a function that returns the stored access token, for `createScriptClient`. A token that is about to end is
 * refreshed, by one process at a time.
 *
 * @throws Error if the product is at another machine and has no https. SignInRequiredError, from the returned function
 */
export function storedToken(options: { baseUrl: string; file?: string }): () => Promise<string> {
  requireSafe(options.baseUrl);
  const { file = tokenFileOf(options.baseUrl) } = options;
  let running: Promise<string> | undefined;
  return () => {
    running ??= currentToken(file).finally(() => {
      running = undefined;
    });
    return running;
  };
}

async function currentToken(file: string): Promise<string> {
  return usableToken(await read(file)) ?? (await withFileLock(file, () => refresh(file)));
}

async function read(file: string): Promise<StoredSignIn> {
  const stored = await readTokenFile(file);
  if (!stored) throw new SignInRequiredError('Sign in first: npm run sign-in');
  return stored;
}

function usableToken({ accessToken, useUntil }: StoredSignIn): string | undefined {
  return Date.now() < useUntil ? accessToken : undefined;
}

async function refresh(file: string): Promise<string> {
  const stored = await read(file);
  const known = usableToken(stored);
  if (known !== undefined) return known;
  const { issuer, clientId, resource, refreshToken } = stored;
  if (refreshToken === null) throw over();
  const config = await configurationOf(issuer, clientId);
  try {
    const tokens = await openid.refreshTokenGrant(config, refreshToken, { resource });
    await writeTokenFile(file, storedFrom(tokens, stored));
    return tokens.access_token;
  } catch (error) {
    if (error instanceof openid.ResponseBodyError && error.error === 'invalid_grant') throw over();
    throw error;
  }
}

function over(): SignInRequiredError {
  return new SignInRequiredError('The sign-in is over. Run again: npm run sign-in');
}

function storedFrom(
  tokens: openid.TokenEndpointResponse,
  { issuer, clientId, resource, refreshToken }: Omit<StoredSignIn, 'accessToken' | 'useUntil'>,
): StoredSignIn {
  const lifetime = (tokens.expires_in ?? 60) * 1_000;
  return {
    issuer,
    clientId,
    resource,
    accessToken: tokens.access_token,
    useUntil: Date.now() + lifetime - Math.min(refreshedBefore, lifetime / 10),
    refreshToken: tokens.refresh_token ?? refreshToken,
  };
}

/**
 * Returns who gives access tokens for a product. The product must name itself as the resource (RFC 9728, section 3.3):
 * another one could otherwise ask for tokens that are not for it.
 */
async function resourceOf(
  baseUrl: string,
  expected = new URL(baseUrl).href.replace(/\/$/, ''),
): Promise<{ issuer: string; resource: string }> {
  requireSafe(baseUrl);
  // A resource with a path, such as `/mcp`, has metadata of its own (section 3.1).
  const path = new URL(baseUrl).pathname.replace(/\/$/, '');
  const url = new URL(`/.well-known/oauth-protected-resource${path}`, baseUrl);
  const response = await fetch(url, { signal: AbortSignal.timeout(providerTimeout * 1_000) });
  if (response.status === 404) throw new Error('Users cannot sign in there.');
  if (!response.ok) throw new Error(`The product does not say who signs users in: HTTP ${response.status}.`);
  const { resource, authorization_servers: issuers } = metadataSchema.parse(await response.json());
  if (resource !== expected) {
    throw new Error(
      `Its tokens are for ${resource}, not for ${expected}. If that is right, use --resource ${resource}.`,
    );
  }
  const [issuer = ''] = issuers;
  requireSafe(issuer);
  return { issuer, resource };
}

async function configurationOf(issuer: string, clientId: string): Promise<openid.Configuration> {
  const config = await openid.discovery(new URL(issuer), clientId, undefined, openid.None(), {
    timeout: providerTimeout,
    ...(isLoopback(issuer) ? { execute: [openid.allowInsecureRequests] } : {}),
  });
  config.timeout = providerTimeout;
  return config;
}

/** @throws Error if a token would be sent without encryption */
function requireSafe(url: string): void {
  if (new URL(url).protocol === 'https:' || isLoopback(url)) return;
  throw new Error(`Tokens need https, except on this machine: ${url}`);
}

function isLoopback(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}
