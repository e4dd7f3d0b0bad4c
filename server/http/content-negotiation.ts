import Negotiator from 'negotiator';
import type { HttpRequest } from './request.ts';

/**
 * The media type that a caller would rather have, by the q-values and ranges of its Accept (RFC 9110, section 12.5.1).
 * What it wants equally is settled by the order of its header, and what it leaves open by that of the offer. Without the
 * header it takes the first. Answers that go by this carry `Vary: Accept`.
 *
 * @param offered without parameters; all of them are served as UTF-8
 * @returns undefined when it wants none of them
 */
export function preferredType<T extends string>(request: HttpRequest, offered: readonly T[]): T | undefined {
  const accept = request.headers.get('accept') || '*/*';
  // With the charset, so that one who asks for it too is not turned away.
  const available = offered.map((type) => `${type};charset=utf-8`);
  const preferred = new Negotiator({ headers: { accept } }).mediaType(available);
  return offered.find((_, index) => available[index] === preferred);
}
