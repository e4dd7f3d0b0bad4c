import { expect, test } from 'vitest';
import { z } from 'zod';
import { limits } from '#server/config/limits.ts';
import { restoreCacheEntry, toCacheEntry } from '#server/upstream-client/cached-response.ts';
import type { CallEndpoint } from '#server/upstream-client/endpoint.ts';
import { heapSize } from '#server/upstream-client/heap-size.ts';

const endpoint: CallEndpoint = {
  method: 'GET',
  template: '/things',
  summary: 'Things',
  description: 'With a cache.',
  answer: { kind: 'json', schema: z.object({ at: z.coerce.date() }) },
  example: {},
};
const text = '{"at":"2026-06-01T00:00:00Z"}';
const value = { status: 203, headers: { etag: '"1"' }, data: { at: new Date('2026-06-01T00:00:00Z') } };
const fetched = { ...value, text, bytes: text.length };
const { derivedFactor } = limits.upstream;

test('another instance restores the whole response from the stored text', () => {
  const stored = toCacheEntry(fetched);
  expect(stored.value).toEqual(value);
  const restored = restoreCacheEntry(endpoint, stored.text ?? '');
  expect(restored).toEqual({ value, bytes: stored.bytes });
});

test.each([
  ['is not JSON', '{"status":200'],
  ['has no body', JSON.stringify({ status: 200, headers: {} })],
  ['has a status that is not one', JSON.stringify({ status: 'ok', headers: {}, text })],
  [
    'has a body that the declaration of this instance rejects',
    JSON.stringify({ status: 200, headers: {}, text: '{}' }),
  ],
])('a stored text that %s is not used', (_, stored) => {
  expect(restoreCacheEntry(endpoint, stored)).toBeUndefined();
});

test('the size of an entry includes the values that are derived from it', () => {
  expect(toCacheEntry(fetched).bytes).toBe(heapSize(value.data) * derivedFactor);
});

test('the size of an entry is at least that of the received body', () => {
  const padded = { ...fetched, text: text.padEnd(10_000), bytes: 10_000 };
  const { bytes, text: stored = '' } = toCacheEntry(padded);
  expect(bytes).toBe(10_000);
  expect(restoreCacheEntry(endpoint, stored)?.bytes).toBe(10_000);
});
