import 'server-only';
import { limits } from '#server/config/limits.ts';
import { withTimeout } from '#server/lib/timeout.ts';

/**
 * Waits for data of an upstream, but not longer than a page should take. Returns undefined if the data is late. The call
 * continues, so that the next call gets its cached response.
 */
export function inTime<T>(data: Promise<T>): Promise<T | undefined> {
  return withTimeout(data, limits.pageDataTimeout);
}
