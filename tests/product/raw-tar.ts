import { expect } from 'vitest';

const block = 512;

/** Paths of the entries of a ustar archive, whose sums and end must be right. */
export function entriesOf(tar: Buffer): string[] {
  const paths: string[] = [];
  let at = 0;
  while (tar.subarray(at, at + block).some((byte) => byte !== 0)) {
    const header = tar.subarray(at, at + block);
    const text = (from: number, length: number) =>
      header.toString('latin1', from, from + length).replace(/[\0 ].*$/s, '');
    expect(text(257, 6)).toBe('ustar');
    // The sum is taken with blanks in its own place.
    const sum = header.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0);
    expect(Number.parseInt(text(148, 8), 8)).toBe(sum);
    paths.push(text(0, 100));
    at += block + Math.ceil(Number.parseInt(text(124, 12), 8) / block) * block;
  }
  // Two empty blocks are its end.
  expect(tar.length - at).toBeGreaterThanOrEqual(2 * block);
  return paths;
}
