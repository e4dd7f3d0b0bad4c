import { httpBatchLink, httpLink, isNonJsonSerializable, splitLink, type TRPCLink } from '@trpc/client';
import superjson from 'superjson';
import type { limits } from '#server/config/limits.ts';
import type { AppRouter } from '#server/trpc/router.ts';
import { isPublicQuery } from './public-queries.ts';

/** The server's own number: another one here does not compile. */
const maxBatchItems: (typeof limits)['batchSize'] = 10;

/** Longer URLs are split into several requests; proxies and servers commonly stop at 8 KB. */
const maxUrlLength = 4_000;

/** The part of `fetch` that the links use. */
export type Fetch = NonNullable<Parameters<typeof httpLink>[0]['fetch']>;

type Options = {
  /** Where the typed door is: a path in the browser, an absolute URL elsewhere. */
  url: string;
  headers?: () => Record<string, string>;
  fetch?: Fetch;
};

/**
 * The links of every client. Public queries travel by GET, several in one request. Everything else travels by
 * POST, so that personal data never stands in a URL: queries batched among themselves, mutations too; forms
 * and files each on their own.
 */
export function createLinks(options: Options): TRPCLink<AppRouter>[] {
  const { url, headers, fetch } = options;
  const common = {
    url,
    transformer: superjson,
    ...(headers ? { headers } : {}),
    ...(fetch ? { fetch } : {}),
  };
  return [
    splitLink({
      condition: (operation) => isNonJsonSerializable(operation.input),
      true: httpLink(common),
      false: splitLink({
        condition: (operation) => operation.type === 'query' && isPublicQuery(operation.path),
        true: httpBatchLink({ ...common, maxItems: maxBatchItems, maxURLLength: maxUrlLength }),
        false: httpBatchLink({ ...common, maxItems: maxBatchItems, methodOverride: 'POST' }),
      }),
    }),
  ];
}
