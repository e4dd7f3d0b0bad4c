import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createLogOutput } from '#server/observability/standard-output.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const options = { pieceLength: 10, delay: 5, queueLength: 100, retryInterval: 50 };

/** Creates an output to a file. */
function testOutput(changes: Partial<typeof options> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'typed-bff-log-'));
  const path = join(folder, 'log');
  const descriptor = openSync(path, 'a');
  let isOpen = true;
  const close = () => {
    if (isOpen) closeSync(descriptor);
    isOpen = false;
  };
  onTestFinished(() => {
    close();
    rmSync(folder, { recursive: true });
  });
  const output = createLogOutput(descriptor, { ...options, ...changes });
  return { output, close, written: () => readFileSync(path, 'utf8') };
}

describe('lines are written', () => {
  test('together after the delay', () => {
    const { output, written } = testOutput();
    output.write('one\n');
    vi.advanceTimersByTime(options.delay - 1);
    output.write('two\n');
    expect(written()).toBe('');
    vi.advanceTimersByTime(1);
    expect(written()).toBe('one\ntwo\n');
    output.write('three\n');
    expect(written()).toBe('one\ntwo\n');
    vi.advanceTimersByTime(options.delay);
    expect(written()).toBe('one\ntwo\nthree\n');
  });

  test('earlier when they are more than one write may have, but not when they just fit', () => {
    const { output, written } = testOutput();
    output.write('12345\n');
    output.write('789\n');
    expect(written()).toBe('');
    output.write('\n');
    expect(written()).toBe('12345\n789\n');
    output.flush();
    expect(written()).toBe('12345\n789\n\n');
  });

  test('whole, also one that is longer than a write', () => {
    const { output, written } = testOutput();
    const long = `${'x'.repeat(50)}\n`;
    output.write(long);
    output.write('next\n');
    output.flush();
    expect(written()).toBe(`${long}next\n`);
  });

  test('at once by a flush, which writes nothing twice', () => {
    const { output, written } = testOutput();
    output.write('ä\n');
    output.flush();
    output.flush();
    vi.advanceTimersByTime(1_000);
    expect(written()).toBe('ä\n');
    expect(output.dropped).toBe(0);
  });
});

test('lines that cannot be written are counted, and do not stop the process', () => {
  const { output, close } = testOutput({ pieceLength: 1_000 });
  close();
  output.write('one\n');
  output.write('two\n');
  output.flush();
  expect(output.dropped).toBe(2);
  output.write('three\n');
  output.flush();
  expect(output.dropped).toBe(3);
});

test.each([
  { queueLength: 8, dropped: 0 },
  { queueLength: 7, dropped: 2 },
])('of lines with 8 bytes, a queue of $queueLength bytes drops $dropped', ({ queueLength, dropped }) => {
  const { output, written } = testOutput({ queueLength });
  output.write('ä1\n');
  output.write('ab3\n');
  output.flush();
  expect(output.dropped).toBe(dropped);
  expect(written()).toBe(dropped === 0 ? 'ä1\nab3\n' : '');
  output.write('next\n');
  output.flush();
  expect(written().endsWith('next\n')).toBe(true);
});
