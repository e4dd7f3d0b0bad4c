import { expect, onTestFinished } from 'vitest';
import { buildFolder } from '#server/process/build-folder.ts';
import { linesWith } from '#tests/mail/storage-state.ts';
import { post, resultOf } from '#tests/support/call.ts';
import { startProduct } from '#tests/support/product.ts';
import { has, testWith } from '#tests/support/skip.ts';
import { canMount } from '#tests/support/small-disk.ts';
import { startArguments } from '#tests/support/start-command.ts';

const test = testWith('root');

/** Makes the build folder read-only for the command alone, in a mount namespace of its own. */
const launcher = [
  'unshare',
  '--mount',
  'sh',
  '-c',
  `mount --bind ${buildFolder} ${buildFolder} && mount -o remount,ro,bind ${buildFolder} && ! touch ${buildFolder}/probe && exec "$@"`,
  'sh',
];

const paths = ['/', '/contact', '/feeds', '/rss.xml', '/openapi.json'];

// In most containers root may not mount.
if (!has('root') || canMount()) {
  test('while the build folder is read-only, pages, files, feeds and calls work', {
    timeout: 120_000,
  }, async () => {
    const product = await startProduct({}, startArguments(), process.cwd(), launcher);
    onTestFinished(() => product.close());
    // Twice: the second responses may come from caches.
    for (const path of [...paths, ...paths]) {
      const response = await fetch(`${product.baseUrl}${path}`);
      expect([path, response.status]).toEqual([path, 200]);
      expect((await response.text()).length).toBeGreaterThan(100);
    }
    expect((await fetch(`${product.baseUrl}/no-such-page`)).status).toBe(404);
    expect(await resultOf(await post(product, 'fixture.body', 'works'))).toEqual({ res: 'works' });
    expect(linesWith(product, '"level":"error"')).toEqual([]);
    await product.close();
    expect(product.process.exitCode).toBe(0);
  });
}
