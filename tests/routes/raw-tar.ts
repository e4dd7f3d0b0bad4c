import { expect } from 'vitest';

const block = 512;

/** Returns the paths of the entries of a ustar archive. Asserts its checksums and its end. */
export function entriesOf(tar: Buffer): string[] {
  const paths: string[] = [];
  let offset = 0;
  while (tar.subarray(offset, offset + block).some((byte) => byte !== 0)) {
    const header = tar.subarray(offset, offset + block);
    const text = (from: number, length: number) =>
      header.toString('latin1', from, from + length).replace(/[\0 ].*$/s, '');
    expect(text(257, 6)).toBe('ustar');
    // The checksum is calculated with blanks in its own field.
    const sum = header.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0);
    expect(Number.parseInt(text(148, 8), 8)).toBe(sum);
    paths.push(text(0, 100));
    offset += block + Math.ceil(Number.parseInt(text(124, 12), 8) / block) * block;
  }
  // Two empty blocks end the archive.
  expect(tar.length - offset).toBeGreaterThanOrEqual(2 * block);
  return paths;
}
