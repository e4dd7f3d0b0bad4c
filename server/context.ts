import type { Services } from './services.ts';

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
  services: Services;
};

/** The context of a call that does not come over HTTP: tests, server components, scripts on this machine. */
export function createInnerContext(options: {
  services: Services;
  requestId?: string;
  request?: RequestFacts;
}): Context {
  return {
    requestId: options.requestId ?? crypto.randomUUID(),
    request: options.request ?? { method: 'CALL', pathname: '/', userAgent: null },
    services: options.services,
  };
}

/** The context of an HTTP request. */
export function createHttpContext(options: {
  request: Request;
  requestId: string;
  services: Services;
}): Context {
  return createInnerContext({
    services: options.services,
    requestId: options.requestId,
    request: {
      method: options.request.method,
      pathname: new URL(options.request.url).pathname,
      userAgent: options.request.headers.get('user-agent'),
    },
  });
}
