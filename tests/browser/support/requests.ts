import type { Request } from 'playwright-core';

const pathOf = (request: Request) => new URL(request.url()).pathname;

/** Those that went through the typed door. */
export function trpcCalls(requests: Request[]): Request[] {
  return requests.filter((request) => pathOf(request).startsWith('/api/trpc/'));
}

/** Those that called this procedure, alone or in a batch. */
export function callsOf(requests: Request[], procedure: string): Request[] {
  return trpcCalls(requests).filter((request) =>
    pathOf(request).slice('/api/trpc/'.length).split(',').includes(procedure),
  );
}

/** Whole pages; a navigation within the application loads none. */
export function pageLoads(requests: Request[]): Request[] {
  return requests.filter((request) => request.isNavigationRequest());
}
