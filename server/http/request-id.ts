import { limits } from '../config/limits.ts';

const validId = new RegExp(`^[\\w.:-]{8,${limits.requestIdLength}}$`);

/** Returns the caller's `x-request-id` if it is valid, otherwise a new id. The id is logged, so it is validated. */
export function requestIdOf(header: string | null): string {
  return header !== null && validId.test(header) ? header : crypto.randomUUID();
}
