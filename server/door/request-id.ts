import { limits } from '../limits.ts';

const validId = new RegExp(`^[\\w.:-]{8,${limits.requestIdLength}}$`);

/** The caller's `x-request-id` if it is one, else a new one: it goes into the log, so anything else stays out. */
export function requestIdOf(request: Request): string {
  const given = request.headers.get('x-request-id');
  return given && validId.test(given) ? given : crypto.randomUUID();
}
