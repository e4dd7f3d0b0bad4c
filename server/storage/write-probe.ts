import { randomBytes } from 'node:crypto';
import { limits } from '../config/limits.ts';
import type { Database } from './database.ts';

/** A character takes up to four bytes. Hexadecimal digits take one, and random ones cannot be compressed. */
const bytesOfLargestMail = 4 * limits.mail.contentsLength;

/**
 * Stores as much as the largest mail, in a row that is always the same.
 *
 * @throws the error of the storage
 */
export async function probeWrite({ write }: Pick<Database, 'write'>): Promise<void> {
  const filler = randomBytes(bytesOfLargestMail / 2).toString('hex');
  await write((queries) =>
    queries
      .insertInto('write_probe')
      .values({ id: 1, filler })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ filler }))
      .execute(),
  );
}
