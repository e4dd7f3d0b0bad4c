import { expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { json, ok, respondWith, startRawServer } from './raw-server.ts';
import { clientOf, upstreamAt } from './support.ts';

const cache = { freshFor: 3_600_000, staleIfErrorFor: 3_600_000 };

test('responses beyond the size limit evict the least recently used ones', async () => {
  const padding = ' '.repeat(limits.upstream.responseBytes - ok.length);
  const { url, heads } = await startRawServer(respondWith('200 OK', json, `${ok}${padding}`));
  const upstream = upstreamAt(url);
  const endpoint = { ...upstream.endpoints.thing, cache };
  const client = clientOf();
  const kindOf = async (id: string) =>
    (await client.request(upstream, endpoint, { params: { id, part: 'p' } })).cache;
  const fitting = Math.ceil(limits.upstream.cacheBytes / limits.upstream.responseBytes) - 1;
  const ids = Array.from({ length: fitting }, (_, index) => `${index}`);
  for (const id of ids) expect(await kindOf(id)).toBe('miss');
  for (const id of ids) expect(await kindOf(id)).toBe('hit');
  expect(heads).toHaveLength(fitting);
  expect(await kindOf('one more')).toBe('miss');
  expect(await kindOf('0')).toBe('miss');
  expect(await kindOf('one more')).toBe('hit');
});
