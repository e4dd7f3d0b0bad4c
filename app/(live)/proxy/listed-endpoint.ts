import type { inferRouterOutputs } from '@trpc/server';
import type { AppRouter } from '#server/trpc/router.ts';

export type ListedEndpoint = inferRouterOutputs<AppRouter>['proxy']['endpoints'][number];

/** The URL of a raw endpoint for what was filled in: each value is one segment of the path. */
export function rawUrlOf(endpoint: ListedEndpoint, params: Record<string, unknown> = {}): string {
  return endpoint.path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(params[name] ?? '')),
  );
}
