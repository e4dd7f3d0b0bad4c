import { type HttpRequest, targetOf } from '../http/request.ts';
import { createRequestScope, type RequestScope } from '../observability/request-scope.ts';
import type { Principal } from '../principal.ts';
import type { Services } from '../services.ts';

/** What this server saw of the request; a direct call has no HTTP about it. */
export type RequestFacts = {
  /** The HTTP method, or `CALL` for a direct call on the server. */
  method: string;
  /** The URL's path, without the query. */
  pathname: string;
  userAgent: string | null;
};

export type Context = {
  requestId: string;
  request: RequestFacts;
  /** On whose behalf the call is made. */
  principal: Principal;
  services: Services;
  /** A header of the request, by its name in lower case; a direct call has none. */
  header: (name: string) => string | null;
  /** Collects what is known of the request once it has ended. */
  scope: RequestScope;
};

/** The context of a call that does not come over HTTP: tests, server components, scripts on this machine. */
export function createInnerContext(options: {
  services: Services;
  requestId?: string;
  request?: RequestFacts;
  principal?: Principal;
  header?: Context['header'];
  scope?: RequestScope;
}): Context {
  const { services, request, principal, header } = options;
  const scope = options.scope ?? createRequestScope(options.requestId ?? crypto.randomUUID());
  return {
    requestId: scope.requestId,
    request: request ?? { method: 'CALL', pathname: '/', userAgent: null },
    principal: principal ?? { kind: 'internal' },
    services,
    header: header ?? (() => null),
    scope,
  };
}

/** The context of an HTTP request. */
export function createHttpContext(options: {
  request: HttpRequest;
  principal: Principal;
  scope: RequestScope;
  services: Services;
}): Context {
  const { request, ...others } = options;
  return createInnerContext({
    ...others,
    header: (name) => request.headers.get(name),
    request: {
      method: request.method,
      pathname: targetOf(request).pathname,
      userAgent: request.headers.get('user-agent'),
    },
  });
}
