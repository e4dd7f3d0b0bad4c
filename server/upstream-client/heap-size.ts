/** Bytes that V8 takes on 64 bits, about: a header and a pointer for each member, numbers by themselves where they stand. */
const header = 24;
const member = 8;
const number = 8;

/** What a parsed answer takes in memory, in bytes; right to a factor of two or so. */
export function heapSize(value: unknown): number {
  if (typeof value === 'string') return header + value.length;
  if (value instanceof Date) return 2 * header;
  if (typeof value !== 'object' || value === null) return number;
  const members: unknown[] = Array.isArray(value) ? value : Object.values(value);
  return members.reduce<number>((sum, each) => sum + member + heapSize(each), header);
}
