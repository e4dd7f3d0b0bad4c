import { expect, test } from 'vitest';
import { expectError } from '#tests/support/call.ts';
import { posts } from '#tests/support/pages.ts';
import { sharedProduct } from '#tests/support/shared.ts';

const get = async (path: string) => fetch(`${(await sharedProduct()).baseUrl}${path}`);
const textOf = async (path: string) => (await get(path)).text();

test('a post has its date as text and as a machine-readable time', async () => {
  const html = await textOf(`/posts/${posts[0]}`);
  expect(html).toMatch(
    /<time [^>]*dateTime="\d{4}-\d{2}-\d{2}T00:00:00.000Z"[^>]*>[A-Z][a-z]+ \d+, \d{4}<\/time>/,
  );
});

test('a missing post has no Open Graph image', async () => {
  await expectError(await get('/posts/no-such-post/opengraph-image'), { reason: 'not_found' });
});
