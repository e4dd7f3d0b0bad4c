import { limits } from '../config/limits.ts';

const validId = new RegExp(`^[\\w.:-]{8,${limits.requestIdLength}}$`);

/** The caller's `x-request-id` if it is one, else a new one: it goes into the log, so anything else stays out. */
export function requestIdOf(given: string | null): string {
  return given !== null && validId.test(given) ? given : crypto.randomUUID();
}
