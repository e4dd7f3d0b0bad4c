/** `npm run test:init`: removes all examples from a copy of this product, then checks, builds and tests the copy. */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { copyProduct } from './product-copy.ts';

const folder = copyProduct();
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const args of [
  ['server/bin/run.mjs', 'init', 'order-desk', '--without=all'],
  ['server/bin/run.mjs', 'test'],
]) {
  if (process.exitCode !== undefined) break;
  const { status } = spawnSync(process.execPath, args, {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) process.exitCode = status ?? 1;
}
