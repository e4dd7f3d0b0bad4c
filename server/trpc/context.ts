import { type HttpRequest, targetOf } from '../http/request.ts';
import { createRequestScope, type RequestScope } from '../observability/request-scope.ts';
import type { Principal } from '../principal.ts';
import type { Services } from '../services.ts';

/** The facts about a request that a procedure may return. A direct call has no HTTP request. */
export type RequestFacts = {
  /** The HTTP method, or `CALL` for a direct call on the server. */
  method: string;
  /** The URL's path, without the query. */
  pathname: string;
  userAgent: string | null;
};

/** The stream of a subscription. */
export type StreamContext = {
  /** Aborts when the stream has ended. */
  signal: AbortSignal;
  /** Id of the last item that the caller has; null if it has none. */
  lastEventId: string | null;
  /** Called by a watch when nothing more is known for now. */
  onWait?: () => void;
};

export type Context = {
  requestId: string;
  request: RequestFacts;
  /** The caller: it is charged for the call and holds its permissions. */
  principal: Principal;
  services: Services;
  /** Returns a request header by its lower-case name. A direct call has none. */
  header: (name: string) => string | null;
  /** Set for subscriptions over HTTP. */
  stream?: StreamContext | undefined;
  /** Collects the facts that are logged and traced at the end of the request. */
  scope: RequestScope;
};

/** Creates the context of a call that does not come over HTTP: tests, server components, scripts on this machine. */
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

/** Creates the context of an HTTP request. */
export function createHttpContext(options: {
  request: HttpRequest;
  principal: Principal;
  scope: RequestScope;
  services: Services;
}): Context {
  const { request, principal, scope, services } = options;
  return createInnerContext({
    principal,
    scope,
    services,
    header: (name) => request.headers.get(name),
    request: {
      method: request.method,
      pathname: targetOf(request).pathname,
      userAgent: request.headers.get('user-agent'),
    },
  });
}
