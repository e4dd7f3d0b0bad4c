import { readFile } from 'node:fs/promises';
import type { Product } from '#tests/support/product.ts';

/** Resident memory of the product's process in bytes. */
export async function residentMemory({ process }: Pick<Product, 'process'>): Promise<number> {
  const status = await readFile(`/proc/${process.pid}/status`, 'utf8');
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kilobytes === undefined) throw new Error('the process has no resident memory');
  return Number(kilobytes) * 1024;
}
