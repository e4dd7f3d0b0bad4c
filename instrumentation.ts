import type { Instrumentation } from 'next';

/** Next calls this once, before the first request. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return;
  const { startBackground } = await import('#server/background.ts');
  startBackground();
}

/** Next calls this for every page that failed. The visitor is shown the error's digest, see app/error.tsx. */
export const onRequestError: Instrumentation.onRequestError = async (error, _request, context) => {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return;
  const { logPageFailure } = await import('#server/observability/log.ts');
  logPageFailure(error, context.routePath);
};
