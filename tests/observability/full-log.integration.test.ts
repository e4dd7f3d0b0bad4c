import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { has, testWith } from '#tests/support/skip.ts';
import { canMount, mountSmallDisk } from '#tests/support/small-disk.ts';

/** Writes numbered lines; one more for each byte of standard input. */
const script = `
import { createLogOutput } from '#server/observability/standard-output.ts';
const output = createLogOutput(1, { pieceLength: 4096, delay: 1, queueLength: 200_000, retryInterval: 5 });
const line = (number) => output.write(JSON.stringify({ number, text: 'x'.repeat(500) }) + '\\n');
for (let number = 0; number < 1_000; number += 1) line(number);
output.flush();
process.stderr.write('dropped ' + output.dropped);
await new Promise((resolve) => process.stdin.once('data', resolve));
line('after');
output.flush();
`;

/** False in most containers, where root may not mount. */
if (!has('root') || canMount()) {
  testWith('root')(
    'a full disk for the log does not stop the process: lines are dropped and counted, and later ones are whole',
    { timeout: 60_000 },
    async () => {
      const disk = mountSmallDisk(1);
      onTestFinished(disk.close);
      const path = join(disk.path, 'log');
      const file = openSync(path, 'a');
      onTestFinished(() => closeSync(file));
      disk.fill();
      // Space for some of the lines, which ends in the middle of one.
      disk.free(100_000);
      const child = spawn(
        process.execPath,
        ['--disable-warning=ExperimentalWarning', '--input-type=module-typescript', '-e', script],
        { stdio: ['pipe', file, 'pipe'] },
      );
      let errors = '';
      child.stderr?.on('data', (chunk) => {
        errors += String(chunk);
      });
      await expect.poll(() => errors, { timeout: 30_000 }).toMatch(/dropped \d+$/);
      disk.free();
      child.stdin?.write('go');
      child.stdin?.end();
      const [code] = await once(child, 'exit');
      expect(code, errors).toBe(0);

      const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
      const whole = lines.flatMap((line) => {
        try {
          return [JSON.parse(line)];
        } catch {
          return [];
        }
      });
      expect(whole.at(-1)).toMatchObject({ number: 'after' });
      // One line at most is torn, and none of the later ones is appended to it.
      expect(lines.length - whole.length).toBeLessThanOrEqual(1);
      expect(whole.length).toBeGreaterThan(50);
      expect(Number(errors.split(' ')[1])).toBe(1_000 - (whole.length - 1));
    },
  );
}
