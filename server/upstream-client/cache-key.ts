import { hash } from 'node:crypto';
import type { Env } from '../config/env.ts';
import { type CallEndpoint, isForUser, type Upstream } from './endpoint.ts';
import {
  buildBody,
  buildPath,
  credentialOf,
  type EndpointCall,
  forwardedHeaders,
  originOf,
} from './request.ts';

/**
 * Returns the cache key of a call: everything that can change its response. The credential is part of it as a hash. An
 * endpoint that is cached for the public sends none.
 *
 * @throws AppError `invalid_input` or `not_found`
 */
export function cacheKeyOf(upstream: Upstream, endpoint: CallEndpoint, call: EndpointCall, env: Env): string {
  return [
    upstream.name,
    // Two endpoints may have the same path and parse its response differently.
    JSON.stringify([endpoint.summary, endpoint.answer.mediaTypes, endpoint.responseHeaders]),
    originOf(upstream, env),
    endpoint.method,
    buildPath(endpoint, call),
    buildBody(endpoint, call),
    JSON.stringify(forwardedHeaders(endpoint, call.header)),
    // Of a user, not of the token: that changes with each refresh.
    isForUser(upstream, endpoint)
      ? `user ${call.user?.id} ${JSON.stringify(upstream.userToken?.(env))}`
      : hash('sha256', JSON.stringify(credentialOf(upstream, endpoint, env)), 'base64url'),
  ].join(' ');
}
