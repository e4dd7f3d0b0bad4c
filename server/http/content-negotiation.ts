import Negotiator from 'negotiator';
import type { HttpRequest } from './request.ts';

/**
 * Returns the media type that the caller prefers, by the ranges and q-values of its Accept header (RFC 9110, section
 * 12.5.1). The order of the header breaks ties between equal q-values, then the order of the offer. Without the header
 * the first type is returned. A response chosen this way must carry `Vary: Accept`.
 *
 * @param offered media types without parameters; all of them are served as UTF-8
 * @returns undefined if none of them is acceptable
 */
export function preferredType<T extends string>(request: HttpRequest, offered: readonly T[]): T | undefined {
  const accept = request.headers.get('accept') || '*/*';
  // With the charset, so that an Accept header that names it matches as well.
  const available = offered.map((type) => `${type};charset=utf-8`);
  const preferred = new Negotiator({ headers: { accept } }).mediaType(available);
  return offered.find((_, index) => available[index] === preferred);
}
