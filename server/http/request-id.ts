import { limits } from '../config/limits.ts';

const idLength = { min: 8, max: limits.requestIdLength };

/** Returns the caller's `x-request-id` if it is valid, otherwise a new id. The id is logged, so it is validated. */
export function requestIdOf(header: string | null): string {
  return header !== null && isValid(header) ? header : crypto.randomUUID();
}

function isValid(id: string): boolean {
  return id.length >= idLength.min && id.length <= idLength.max && /^[\w.:-]+$/.test(id);
}
