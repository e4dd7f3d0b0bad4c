import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isAppError } from '#server/errors.ts';
import { parsePath } from '#server/upstream-client/path-segment.ts';
import { respondOk, startRawServer } from './raw-server.ts';
import { clientOf, upstreamAt } from './support.ts';

const odd = fc.constantFrom(
  ...[
    '.',
    '..',
    '/',
    '\\',
    ';',
    '#',
    '?',
    '@',
    ' ',
    ':',
    '//',
    '%',
    '%2',
    '\u0000',
    '\n',
    '\uff0e',
    '\u2025',
  ],
  ...['%2e', '%2F', '%5c', '%3b', '%252e', '%25252f', '%00', '%c0%ae', '%ff', '\ud83c', '\udf26', 'é'],
);
const value = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.array(fc.oneof(odd, fc.string({ maxLength: 3 })), { maxLength: 6 }).map((parts) => parts.join('')),
);

test('every value is rejected or arrives as exactly one segment that decodes to the same value', async () => {
  const { url, heads } = await startRawServer(respondOk);
  const upstream = upstreamAt(url);
  const client = clientOf();
  let arrived = 0;
  await fc.assert(
    fc.asyncProperty(value, fc.oneof(fc.constant('p'), value), async (id, part) => {
      heads.length = 0;
      try {
        await client.request(upstream, upstream.endpoints.thing, { params: { id, part } });
      } catch (error) {
        expect(isAppError(error) && error.reason).toBe('invalid_input');
        expect(heads).toEqual([]);
        return;
      }
      arrived += 1;
      const target = heads[0]?.split(' ')[1] ?? '';
      const segments = new URL(target, url).pathname.split('/');
      expect(segments).toHaveLength(5);
      // biome-ignore lint/style/noRestrictedGlobals: decodes like an upstream
      expect([segments[2] ?? '', segments[4] ?? ''].map(decodeURIComponent)).toEqual([id, part]);
      expect(parsePath(new URL(target, url).pathname)).toEqual(['things', id, 'parts', part]);
    }),
    { numRuns: 500 },
  );
  expect(arrived).toBeGreaterThan(50);
});

test('every path is rejected or split into the same segments as by a URL parser', () => {
  const path = fc.array(fc.oneof(value, fc.constantFrom('a', 'b.c', 'd%20e')), { maxLength: 5 });
  let taken = 0;
  fc.assert(
    fc.property(path, (parts) => {
      const came = `/${parts.join('/')}`;
      try {
        const segments = parsePath(came);
        taken += 1;
        const { pathname, search, hash } = new URL(`http://localhost${came}`);
        // biome-ignore lint/style/noRestrictedGlobals: decodes like an upstream
        expect(pathname.slice(1).split('/').map(decodeURIComponent)).toEqual(segments);
        expect(search + hash).toBe('');
      } catch (error) {
        if (!isAppError(error)) throw error;
        expect(error.reason).toBe('invalid_input');
      }
    }),
    { numRuns: 5_000 },
  );
  expect(taken).toBeGreaterThan(100);
});
