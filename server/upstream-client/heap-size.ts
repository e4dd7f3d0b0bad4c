import { isRecord } from '../lib/is-record.ts';

/** Approximate bytes of V8 objects on 64-bit: a header, a pointer per member, and numbers stored in place. */
const headerBytes = 24;
const memberBytes = 8;
const numberBytes = 8;

/** Estimates the memory of a parsed response in bytes, within a factor of about two. */
export function heapSize(value: unknown): number {
  if (typeof value === 'string') return headerBytes + value.length;
  if (value instanceof Date) return 2 * headerBytes;
  if (!isRecord(value)) return numberBytes;
  const members: unknown[] = Array.isArray(value) ? value : Object.values(value);
  return members.reduce<number>((sum, each) => sum + memberBytes + heapSize(each), headerBytes);
}
