import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';

const script = `
import { createLogOutput } from '#server/observability/standard-output.ts';
const output = createLogOutput(1, { pieceLength: 4096, delay: 1, queueLength: 200_000, retryInterval: 5 });
for (let line = 0; line < 5_000; line += 1) {
  output.write(JSON.stringify({ line, text: 'x'.repeat(500) }) + '\\n');
}
output.flush();
const dropped = output.dropped;
process.stderr.write('written');
await new Promise((resolve) => process.stdin.once('data', resolve));
output.write('{"line":"last"}\\n');
const timer = setInterval(() => {
  output.flush();
  process.stderr.write(' ' + dropped);
  clearInterval(timer);
  setTimeout(() => process.exit(0), 500);
}, 200);
`;

const node = [
  process.execPath,
  '--disable-warning=ExperimentalWarning',
  '--input-type=module-typescript',
  '-e',
];

test.each([
  // Node connects its child processes by sockets.
  ['a socket', [...node, script]],
  // `cat` reads nothing before its own output, a socket, is read.
  ['a pipe', ['sh', '-c', '"$@" | cat', 'sh', ...node, script]],
])(
  'a reader of the log that stalls behind %s does not block the process; lines are dropped whole',
  async (_, command) => {
    const child = spawn(command[0] ?? '', command.slice(1), { stdio: ['pipe', 'pipe', 'pipe'] });
    let errors = '';
    child.stderr.on('data', (chunk) => {
      errors += String(chunk);
    });
    // Nothing reads standard output until all lines are written.
    await expect.poll(() => errors, { timeout: 20_000 }).toBe('written');
    const lines = text(child.stdout);
    child.stdin.write('go\n');
    const [code] = await once(child, 'exit');
    expect(code, errors).toBe(0);
    const dropped = Number(errors.split(' ')[1]);
    const parsed = (await lines)
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    expect(dropped).toBeGreaterThan(1_000);
    expect(parsed).toHaveLength(5_000 - dropped + 1);
    expect(parsed.at(-1)).toEqual({ line: 'last' });
  },
);
