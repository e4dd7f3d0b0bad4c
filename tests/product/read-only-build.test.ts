import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { startProduct } from '#tests/support/product.ts';
import { has, testWith } from '#tests/support/skip.ts';
import { canMount } from '#tests/support/small-disk.ts';
import { startArguments } from '#tests/support/start-command.ts';
import { post, resultOf } from './call.ts';
import { linesWith } from './storage-state.ts';

const test = testWith('root');

/** Commands that change the build folder, which only the process sees that runs them, in its own mount namespace. */
const changes: Record<string, (folder: string) => string> = {
  'is read-only': () => 'mount --bind .next .next && mount -o remount,ro,bind .next && ! touch .next/probe',
  'is on a full disk': (folder) => `
    mount -t tmpfs -o size=1m tmpfs ${folder} && mkdir ${folder}/upper ${folder}/work &&
    mount -t overlay -o lowerdir=.next,upperdir=${folder}/upper,workdir=${folder}/work overlay .next &&
    ! dd if=/dev/zero of=${folder}/filler && ! dd if=/dev/zero of=.next/probe`,
};

const paths = ['/', '/weather', '/feeds', '/rss.xml', '/openapi.json'];

// In most containers root may not mount.
if (!has('root') || canMount()) {
  test.each(Object.entries(changes))(
    'while the build folder %s, pages, files, feeds and calls work',
    { timeout: 180_000 },
    async (_, change) => {
      const folder = await mkdtemp(join(tmpdir(), 'typed-bff-disk-'));
      onTestFinished(() => rm(folder, { recursive: true }));
      const launcher = ['unshare', '--mount', 'sh', '-c', `${change(folder)} && exec "$@"`, 'sh'];
      const product = await startProduct({}, startArguments(), process.cwd(), launcher);
      onTestFinished(() => product.close());
      // Twice: the second responses may come from caches.
      for (const path of [...paths, ...paths]) {
        const response = await fetch(`${product.baseUrl}${path}`);
        expect([path, response.status]).toEqual([path, 200]);
        expect((await response.text()).length).toBeGreaterThan(100);
      }
      expect((await fetch(`${product.baseUrl}/no-such-page`)).status).toBe(404);
      expect(await resultOf(await post(product, 'echo.body', 'works'))).toEqual({ res: 'works' });
      expect(linesWith(product, '"level":"error"')).toEqual([]);
      await product.close();
      expect(product.process.exitCode).toBe(0);
    },
  );
}
