import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import type { Product } from '#tests/support/product.ts';

/** Returns the resident memory of the product's process in bytes. */
export async function residentMemory({ process }: Pick<Product, 'process'>): Promise<number> {
  const pid = String(process.pid);
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => undefined);
  // Not every system has /proc.
  const kilobytes =
    status === undefined
      ? execFileSync('ps', ['-o', 'rss=', '-p', pid], { encoding: 'utf8' })
      : /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  if (!Number(kilobytes)) throw new Error('the process has no resident memory');
  return Number(kilobytes) * 1024;
}
