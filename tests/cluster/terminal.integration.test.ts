import { closeSync, openSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { hasTerminal } from '#server/cluster/terminal.ts';

vi.mock(import('node:fs'), async (importOriginal) => ({
  ...(await importOriginal()),
  openSync: vi.fn(),
  closeSync: vi.fn(),
}));

test('the terminal of a process is open if it can be read, and is not kept open', () => {
  vi.mocked(openSync).mockReturnValueOnce(7);
  expect(hasTerminal()).toBe(true);
  expect(vi.mocked(openSync).mock.lastCall).toEqual(['/dev/tty', 'r']);
  expect(vi.mocked(closeSync).mock.lastCall).toEqual([7]);
});

test('the terminal of a process is missing or closed if it cannot be read', () => {
  vi.mocked(openSync).mockImplementationOnce(() => {
    throw new Error('ENXIO');
  });
  expect(hasTerminal()).toBe(false);
});
