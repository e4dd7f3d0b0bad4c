import { AppError, isAppError } from '../errors.ts';

/** Returns the error of a provider that does not respond as it should. */
export function unavailable(cause: unknown): AppError {
  return new AppError('identity_unavailable', { cause: withoutProviderText(cause) });
}

/** Returns the error of the connection that the library has wrapped, if it is one. */
export function upstreamErrorIn(error: unknown): AppError | undefined {
  const seen = new Set<unknown>();
  for (let each = error; each instanceof Error && !seen.has(each); each = each.cause) {
    if (isAppError(each)) return each;
    seen.add(each);
  }
  return undefined;
}

/** Returns whether there was no connection to the provider, or it ended before the response. */
export function isConnectionFailure(error: unknown): boolean {
  return upstreamErrorIn(error)?.reason === 'upstream_unreachable';
}

/**
 * Returns an error for the log: the connection's own, or the library's message and code, which are fixed texts. The
 * causes of the library contain responses of the provider, and with them tokens.
 */
export function withoutProviderText(error: unknown): Error {
  const connection = upstreamErrorIn(error);
  if (connection) return connection;
  if (!(error instanceof Error)) return new Error('unknown error');
  const code = 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : '';
  const oauth = 'error' in error && typeof error.error === 'string' ? error.error : undefined;
  const reason = oauth !== undefined && /^[a-z_]{1,40}$/.test(oauth) ? `: ${oauth}` : '';
  return new Error(`${error.message.slice(0, 200)}${code}${reason}`);
}
