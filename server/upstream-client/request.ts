import type { z } from 'zod';
import type { Env } from '../config/env.ts';
import { limits } from '../config/limits.ts';
import { AppError } from '../errors.ts';
import { fieldErrorsOf } from '../lib/field-errors.ts';
import type { CallEndpoint, Endpoint, Upstream } from './endpoint.ts';
import { fillTemplate } from './path-template.ts';

/** The parts of a request that come from the caller, before they are validated. */
export type EndpointCall = {
  params?: unknown;
  query?: unknown;
  body?: unknown;
  /** Reads a header of the caller's request. */
  header?: (name: string) => string | null;
};

const userAgent = 'typed-bff';

/**
 * Path and query of a call, made anew from what was validated: nothing of the caller's text is used as it came.
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

/** Those of the caller's headers that the endpoint lets through. */
export function passedHeaders(endpoint: Endpoint, header: EndpointCall['header']): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const name of endpoint.requestHeaders ?? []) {
    const value = header?.(name);
    if (value && value.length <= limits.upstream.passedHeaderLength) passed[name] = value;
  }
  return passed;
}

/** The upstream's own headers last, so that they win over whatever the caller sent. */
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

/** The header that carries the upstream's credential, where there is one and the endpoint takes it. */
export function credentialOf(upstream: Upstream, endpoint: Endpoint, env: Env): Record<string, string> {
  const value = endpoint.anonymous ? undefined : upstream.credential?.value(env);
  return upstream.credential && value !== undefined ? { [upstream.credential.header]: value } : {};
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
