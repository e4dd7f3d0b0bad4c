import { httpLink, type TRPCLink } from '@trpc/client';
import superjson from 'superjson';
import type { AppRouter } from '#server/trpc/router.ts';
import type { Fetch, LinkOptions } from './links.ts';
import { fetchByXhr } from './xhr.ts';

/** Bytes of a request that were sent so far, and all of them. */
type UploadProgress = { loaded: number; total: number };
type OnProgress = (progress: UploadProgress) => void;

/**
 * Returns the options of a call that reports its progress:
 * `api.file.upload.mutate(form, { signal, ...withProgress(show) })`, or for a hook
 * `trpc.file.upload.useMutation({ trpc: withProgress(show) })`.
 */
export function withProgress(onProgress: OnProgress): { context: { onProgress: OnProgress } } {
  return { context: { onProgress } };
}

/** Creates fetch functions that report the progress of a request. */
export type FetchWithProgress = (onProgress: OnProgress) => Fetch;

/** Sends forms and files, each in its own request. */
export function uploadLink({
  url,
  headers,
  fetch,
  fetchWithProgress = fetchByXhr,
}: LinkOptions): TRPCLink<AppRouter> {
  return (runtime) =>
    ({ op, next }) => {
      const { onProgress } = op.context;
      const sender = isOnProgress(onProgress) ? fetchWithProgress(onProgress) : fetch;
      const link = httpLink<AppRouter>({
        url,
        transformer: superjson,
        headers: async () => ({ ...(await headers?.()), ...nameOf(op.input) }),
        ...(sender ? { fetch: sender } : {}),
      });
      return link(runtime)({ op, next });
    };
}

function isOnProgress(value: unknown): value is OnProgress {
  return typeof value === 'function';
}

/** The name of a file that is sent without a form. */
function nameOf(input: unknown): Record<string, string> {
  return input instanceof File ? { 'x-file-name': encodeURIComponent(input.name.toWellFormed()) } : {};
}
