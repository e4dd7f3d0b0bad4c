export interface ByteRange {
  readonly first: number;
  /** Included. */
  readonly last: number;
}

/**
 * The one range that a Range header asks for. Undefined where the header is to be ignored (RFC 9110, 14.2):
 * another unit, several ranges, no valid form.
 */
export function byteRange(header: string, size: number): ByteRange | 'unsatisfiable' | undefined {
  const [, from, to] = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header) ?? [];
  if (from === undefined || to === undefined || (from === '' && to === '')) return undefined;
  if (from === '') return lastBytes(Number(to), size);
  const first = Number(from);
  const last = to === '' ? Number.POSITIVE_INFINITY : Number(to);
  if (last < first) return undefined;
  return first < size ? { first, last: Math.min(last, size - 1) } : 'unsatisfiable';
}

function lastBytes(count: number, size: number): ByteRange | 'unsatisfiable' | undefined {
  if (count === 0) return 'unsatisfiable';
  // All of an empty file is satisfiable, yet Content-Range has no way to write it.
  return size === 0 ? undefined : { first: Math.max(0, size - count), last: size - 1 };
}
