import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { parseEnv } from '#server/config/env.ts';
import { defineBucket } from '#server/files/define-bucket.ts';
import { createFiles, type Files, type StoredFile } from '#server/files/file-service.ts';
import type { IncomingFile } from '#server/files/incoming.ts';
import { uploads } from '#server/files/product-buckets.ts';
import { createLogger } from '#server/observability/log.ts';
import type { Database } from '#server/storage/database.ts';

export const pictures = defineBucket({
  name: 'pictures',
  mediaTypes: ['image/png', 'text/plain'],
  maxBytes: 100_000,
  maxFiles: 3,
  direct: true,
});

export type TestFiles = Files & { dataDir: string; contents(): string[] };

/** Creates the service of files in a folder of its own, with the settings of a test. It is closed after the test. */
export function testFiles(
  db: Database,
  settings: Record<string, string> = {},
  dataDir = mkdtempSync(join(tmpdir(), 'typed-bff-files-')),
): TestFiles {
  const files = createFiles({
    env: parseEnv({ DATA_DIR: dataDir, ...settings }),
    log: createLogger({ level: 'silent' }),
    database: { open: async () => db },
    buckets: [pictures, uploads],
  });
  onTestFinished(async () => {
    await files.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
  return {
    ...files,
    dataDir,
    contents() {
      const entries = readdirSync(dataDir, { recursive: true, withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
    },
  };
}

export async function addUser(db: Database, id: string): Promise<void> {
  await db.write((queries) =>
    queries
      .insertInto('user_account')
      .values({ id, name: null, email: null, email_verified_at: null, created_at: 0, disabled_at: null })
      .execute(),
  );
}

export function incoming(
  content: Uint8Array | AsyncIterable<Uint8Array>,
  name = 'picture.png',
): IncomingFile {
  const chunks = content instanceof Uint8Array ? [content] : content;
  return { name, mediaType: undefined, bytes: undefined, chunks: toAsync(chunks) };
}

async function* toAsync(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>) {
  yield* chunks;
}

export async function contentOf(files: Files, file: StoredFile): Promise<Buffer> {
  return buffer(await files.read(file, { range: undefined, signal: new AbortController().signal }));
}
