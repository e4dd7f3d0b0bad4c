/** First and last byte, both included. */
export type ByteRange = { start: number; end: number };

/**
 * Returns the range that a Range header asks for (RFC 9110, section 14.2). Only one range of bytes is supported.
 *
 * @param size of the whole, at least 1
 * @returns undefined if the whole is to be sent, and `unsatisfiable` if the range begins after the last byte
 */
export function byteRangeOf(header: string | null, size: number): ByteRange | 'unsatisfiable' | undefined {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const length = Number(last);
    return length === 0 ? 'unsatisfiable' : { start: Math.max(0, size - length), end: size - 1 };
  }
  const start = Number(first);
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== '' && Number(last) < start) return undefined;
  return start >= size ? 'unsatisfiable' : { start, end };
}
