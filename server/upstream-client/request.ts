import type { z } from 'zod';
import type { Env } from '../config/env.ts';
import { limits } from '../config/limits.ts';
import { productName } from '../config/product-name.ts';
import { AppError } from '../errors.ts';
import { fieldErrorsOf } from '../lib/field-errors.ts';
import type { CallEndpoint, Endpoint, Upstream } from './endpoint.ts';
import { fillTemplate } from './path-template.ts';
import type { CallUser, TokenSource } from './user-token.ts';

/** Parts of a request that come from the caller, not yet validated. */
export type EndpointCall = {
  params?: unknown;
  query?: unknown;
  body?: unknown;
  /** Returns a header of the caller's request. */
  header?: (name: string) => string | null;
  /** The user on whose behalf the call is made, if there is one. */
  user?: CallUser | undefined;
};

export const userAgent = productName;

/** @throws AppError `not_found` if the upstream is not configured */
export function originOf(upstream: Upstream, env: Env): string {
  const origin = upstream.origin(env);
  if (origin === undefined) {
    throw new AppError('not_found', { message: 'This upstream is not configured on this server.' });
  }
  return origin;
}

/**
 * Builds the path and query of a call from the validated input. The caller's text is never copied unencoded.
 *
 * @throws AppError `invalid_input`
 */
export function buildPath(endpoint: Endpoint, call: Pick<EndpointCall, 'params' | 'query'>): string {
  const params = validate(endpoint.params, call.params, 'params') ?? {};
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(validate(endpoint.query, call.query ?? {}, 'query') ?? {})) {
    if (value !== undefined) query.set(name, String(value));
  }
  const search = query.size > 0 ? `?${query}` : '';
  return `${fillTemplate(endpoint.template, params)}${search}`;
}

/** @throws AppError `invalid_input` */
export function buildBody(endpoint: CallEndpoint, call: Pick<EndpointCall, 'body'>): string | undefined {
  const body = validate(endpoint.body, call.body, 'body');
  return body === undefined ? undefined : JSON.stringify(body);
}

/** Returns the headers of the caller's request that the endpoint forwards. Headers that are too long are dropped. */
export function forwardedHeaders(endpoint: Endpoint, header: EndpointCall['header']): Record<string, string> {
  const forwarded: Record<string, string> = {};
  for (const name of endpoint.requestHeaders ?? []) {
    const value = header?.(name);
    if (value && value.length <= limits.upstream.passedHeaderLength) forwarded[name] = value;
  }
  return forwarded;
}

/** Returns all headers of a request. The upstream's own headers come last, so they replace those of the caller. */
export function headersOf(
  upstream: Upstream,
  endpoint: Endpoint,
  env: Env,
  others: Record<string, string>,
): Record<string, string> {
  return {
    'user-agent': userAgent,
    ...others,
    ...upstream.headers,
    ...credentialOf(upstream, endpoint, env),
  };
}

/** Returns the credential header, or nothing if no credential is configured or the endpoint is anonymous. */
export function credentialOf(upstream: Upstream, endpoint: Endpoint, env: Env): Record<string, string> {
  const value = endpoint.anonymous ? undefined : upstream.credential?.value(env);
  return upstream.credential && value !== undefined ? { [upstream.credential.header]: value } : {};
}

/**
 * Returns the access tokens that the requests of a call carry, or undefined if they carry none.
 *
 * @throws AppError `sign_in_required` if there is no user
 */
export function tokenSourceOf(
  upstream: Upstream,
  endpoint: Endpoint,
  { user }: Pick<EndpointCall, 'user'>,
  env: Env,
): TokenSource | undefined {
  if (!upstream.userToken || endpoint.anonymous) return undefined;
  if (!user) throw new AppError('sign_in_required');
  const target = upstream.userToken(env);
  return (signal, refused) => user.accessToken(target, { signal, refused });
}

function validate<T>(schema: z.ZodType<T> | undefined, value: unknown, part: string): T | undefined {
  if (!schema) return undefined;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new AppError('invalid_input', {
    fieldErrors: fieldErrorsOf(result.error, part),
    cause: result.error,
  });
}
