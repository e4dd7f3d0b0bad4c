import type { Request } from 'playwright-core';

const pathOf = (request: Request) => new URL(request.url()).pathname;

/** Returns the requests to /api/trpc. */
export function trpcCalls(requests: Request[]): Request[] {
  return requests.filter((request) => pathOf(request).startsWith('/api/trpc/'));
}

/** Returns the requests that called this procedure, alone or in a batch. */
export function callsOf(requests: Request[], procedure: string): Request[] {
  return trpcCalls(requests).filter((request) =>
    pathOf(request).slice('/api/trpc/'.length).split(',').includes(procedure),
  );
}

/** Returns the document requests. A client-side navigation makes none. */
export function pageLoads(requests: Request[]): Request[] {
  return requests.filter((request) => request.isNavigationRequest());
}
