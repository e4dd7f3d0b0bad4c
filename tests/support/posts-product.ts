import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buildFolder } from '#server/process/build-folder.ts';
import { type Product, startProduct } from './product.ts';

/** Milliseconds for starting the product and a few pages, also on a busy machine. */
export const startTimeout = 180_000;

/** Posts of the fixtures, so that the feeds have items whatever the site publishes. */
export const fixturePosts = 'tests/fixtures/posts';

/** Starts the built product with the posts of the fixtures. */
export function startWithFixturePosts(): Promise<Product> {
  const files = readdirSync(fixturePosts);
  return startWithPosts(
    Object.fromEntries(files.map((file) => [file, readFileSync(join(fixturePosts, file), 'utf8')])),
  );
}

/** Starts the built product with other posts. */
export async function startWithPosts(posts: Record<string, string>): Promise<Product> {
  const folder = mkdtempSync(join(tmpdir(), 'typed-bff-posts-'));
  for (const name of [
    buildFolder,
    'public',
    'next.config.mjs',
    'next.config.ts',
    'node_modules',
    'package.json',
    'server',
    'tests',
  ]) {
    symlinkSync(resolve(name), join(folder, name));
  }
  mkdirSync(join(folder, 'content/posts'), { recursive: true });
  for (const [file, text] of Object.entries(posts)) writeFileSync(join(folder, 'content/posts', file), text);
  const product = await startProduct({}, undefined, folder);
  return {
    ...product,
    async close() {
      await product.close();
      rmSync(folder, { recursive: true });
    },
  };
}
