import { httpBatchLink, type httpLink, isNonJsonSerializable, splitLink, type TRPCLink } from '@trpc/client';
import superjson from 'superjson';
import type { limits } from '#server/config/limits.ts';
import type { AppRouter } from '#server/trpc/router.ts';
import { liveLink } from './live-link.ts';
import { isPublicQuery } from './public-queries.ts';
import { type FetchWithProgress, uploadLink } from './upload-link.ts';

/** The server's limit. Its type prevents any other number here. */
const maxBatchItems: (typeof limits)['batchSize'] = 10;

/** Batches with a longer URL are split. Proxies and servers commonly limit URLs to 8 KB. */
const maxUrlLength = 4_000;

/** The part of `fetch` that the links use. */
export type Fetch = NonNullable<Parameters<typeof httpLink>[0]['fetch']>;

export type LinkOptions = {
  /** URL of the tRPC endpoint: a path in the browser, an absolute URL elsewhere. */
  url: string;
  headers?: () => Record<string, string> | Promise<Record<string, string>>;
  fetch?: Fetch;
  /** Default: with XMLHttpRequest, which only browsers have. */
  fetchWithProgress?: FetchWithProgress;
};

/**
 * Creates the links of all clients. Public queries are sent by GET in batches. All other calls are sent by POST, which
 * keeps personal data out of URLs: sensitive queries and mutations in separate batches, forms and files each in their
 * own request.
 */
export function createLinks(options: LinkOptions): TRPCLink<AppRouter>[] {
  const { url, headers, fetch } = options;
  const common = {
    url,
    transformer: superjson,
    ...(headers ? { headers } : {}),
    ...(fetch ? { fetch } : {}),
  };
  return [
    splitLink({
      condition: (operation) => operation.type === 'subscription',
      true: liveLink({ url, ...(headers ? { headers } : {}) }),
      false: splitLink({
        condition: (operation) => isNonJsonSerializable(operation.input),
        true: uploadLink(options),
        false: splitLink({
          condition: (operation) => operation.type === 'query' && isPublicQuery(operation.path),
          true: httpBatchLink({ ...common, maxItems: maxBatchItems, maxURLLength: maxUrlLength }),
          false: httpBatchLink({ ...common, maxItems: maxBatchItems, methodOverride: 'POST' }),
        }),
      }),
    }),
  ];
}
