import type { Env } from '../config/env.ts';
import { AppError } from '../errors.ts';
import { isLoopbackHost } from '../lib/network-address.ts';
import { DeclarationError } from './declaration.ts';
import type { Upstream } from './endpoint.ts';
import { discard, type UpstreamResponse } from './http.ts';

/** Whom an access token of a user is for. */
export type TokenTarget = {
  /** The parameter of token requests: `resource` (RFC 8707), `audience` as some providers have it, or only scopes. */
  parameter: 'resource' | 'audience' | 'none';
  /** The resource or audience. Empty if the parameter is `none`. */
  value: string;
  scopes: readonly string[];
};

/** The user on whose behalf a call is made. */
export type CallUser = {
  id: string;
  /** @param options.refused a token that the upstream did not accept */
  accessToken(
    target: TokenTarget,
    options?: { signal?: AbortSignal | undefined; refused?: string | undefined },
  ): Promise<string>;
};

/** Returns an access token. `refused`: the upstream did not accept this one. */
export type TokenSource = (signal: AbortSignal, refused?: string) => Promise<string>;

/**
 * Sends a request with an access token of the user. If the upstream does not accept it, nothing was done: the request is
 * sent once more with a new token, unless its body cannot be sent again.
 *
 * @throws AppError `reauthentication_required` if the upstream refuses the new token, too, or `forbidden`
 */
export async function sendForUser(
  token: TokenSource,
  signal: AbortSignal,
  send: (authorization: string) => Promise<UpstreamResponse>,
  { canRepeat = true } = {},
): Promise<UpstreamResponse> {
  const first = await token(signal);
  let response = await send(`Bearer ${first}`);
  if (response.status === 401) {
    discard(response);
    const renewed = await token(signal, first);
    if (!canRepeat) throw new AppError('reauthentication_required');
    response = await send(`Bearer ${renewed}`);
  }
  if (response.status === 401) {
    discard(response);
    throw new AppError('reauthentication_required');
  }
  // With a time to wait, it is a rate limit.
  if (response.status === 403 && !response.retry.hasRetryAfter && !response.retry.isExhausted) {
    discard(response);
    throw new AppError('forbidden');
  }
  return response;
}

/**
 * Returns whom the access tokens of users are for, of all upstreams that are configured.
 *
 * @throws DeclarationError if tokens would be sent without encryption, except on this machine
 */
export function tokenTargetsOf(upstreams: readonly Upstream[], env: Env): TokenTarget[] {
  return upstreams.flatMap(({ name, origin, userToken }) => {
    const url = userToken && origin(env);
    if (url === undefined || !userToken) return [];
    const { protocol, hostname } = new URL(url);
    if (protocol !== 'https:' && !isLoopbackHost(hostname)) {
      throw new DeclarationError(
        `upstream ${name}: access tokens of users need https, except on this machine`,
      );
    }
    return [userToken(env)];
  });
}
