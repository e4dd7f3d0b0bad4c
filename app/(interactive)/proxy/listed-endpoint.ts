import type { inferRouterOutputs } from '@trpc/server';
import type { AppRouter } from '#server/trpc/router.ts';

export type ListedEndpoint = inferRouterOutputs<AppRouter>['proxy']['endpoints'][number];

/** Returns the URL of a raw endpoint, with each parameter encoded as one path segment. */
export function rawUrlOf(endpoint: ListedEndpoint, params: Record<string, unknown> = {}): string {
  return endpoint.path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(params[name] ?? '')),
  );
}
