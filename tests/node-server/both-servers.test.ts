import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodePathSegment } from '#server/http/decode-path.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { nextArguments } from '#tests/support/start-command.ts';
import { sendBytes, type WireAnswer } from '../http/support/raw-socket.ts';
import { sentArbitrary } from '../http/support/requests.ts';
import type { Sent } from '../http/support/sent.ts';
import { toWire } from '../http/support/wire.ts';

let front: Product;
let nextAlone: Product;
beforeAll(async () => {
  const env = { SITE_URL: 'http://localhost:3000' };
  [front, nextAlone] = await Promise.all([startProduct(env), startProduct(env, nextArguments)]);
}, 120_000);
afterAll(() => Promise.all([front.close(), nextAlone.close()]));

/** How the bytes are framed and when they were sent is each server's own. */
const ownHeaders = [
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'last-modified',
  'transfer-encoding',
];
/** Next adds to it what its own navigation depends on, and what it would compress. */
const vary = 'vary';

/** What is new with every request, wherever it is answered. */
const changing: readonly [RegExp, string][] = [
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, 'TIME'],
  [/[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/g, 'ID'],
  [/"(ageSeconds|retryAfterSeconds)":\d+/g, '"$1":N'],
  [/"cache":"\w+"/g, '"cache":"STATE"'],
  [/;([rt])=\d+/g, ';$1=N'],
];

function settled(text: string): string {
  return changing.reduce((result, [pattern, fixed]) => result.replaceAll(pattern, fixed), text);
}

function comparable({ status, headers, text }: WireAnswer) {
  // Next's own, to the path without the slash at its end; the front server adds its security headers.
  if (status === 308) return { status, location: headers.get('location') };
  const kept = [...headers].filter(([name]) => !ownHeaders.includes(name) && name !== vary);
  return {
    status,
    headers: Object.fromEntries(kept.map(([name, value]) => [name, settled(value)])),
    text: settled(text),
  };
}

async function answerOf({ baseUrl }: Product, sent: Sent) {
  const { answers } = await sendBytes(baseUrl, toWire(sent), { method: sent.method });
  return answers.map(comparable);
}

const target = sentArbitrary.map((sent) => ({
  ...sent,
  path: sent.path.replaceAll(/[^!-~]|[#?]/g, encodeURIComponent),
  query: sent.query.replaceAll(/[^!-~]|#/g, encodeURIComponent),
  headers: sent.headers.map(([name, value]) => [name, value.replaceAll(/[^\t\x20-\x7e]/g, '')] as const),
}));

/** Next alone has no envelope for these, before any route; the front server refuses them itself. */
function isAnsweredByNextItself({ path }: Sent): boolean {
  try {
    decodePathSegment(path);
    return /\/(?:\.|%2e){1,2}(?=\/|$)/i.test(path);
  } catch {
    return true;
  }
}

test('thousands of requests are answered alike by the front server and by Next alone', {
  timeout: 240_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(
      target.filter((sent) => !isAnsweredByNextItself(sent)),
      async (sent) => {
        const [ours, theirs] = await Promise.all([answerOf(front, sent), answerOf(nextAlone, sent)]);
        expect(ours).toEqual(theirs);
      },
    ),
    { numRuns: 2_000, seed: 20261125, endOnFailure: true },
  );
});

const rawPaths = [
  '/rss.xml',
  '/atom.xml',
  '/feed.json',
  '/llms.txt',
  '/llms-full.txt',
  '/openapi.json',
  '/docs/index.md',
  '/docs/calling.md',
  '/docs/procedures/echo.body.md',
  '/docs/procedures/no.such.md',
  '/sitemap.xml',
  '/robots.txt',
  '/manifest.webmanifest',
  '/.well-known/security.txt',
  '/.well-known/api-catalog',
  '/healthz',
  '/readyz',
  '/mcp',
  '/api',
  '/api/revalidate',
  '/api/no/such',
  '/api/trpc',
  '/api/trpc/echo/body',
  '/api/raw/files/no/such',
  '/api/raw/nobody/file',
];
const conditions: Sent['headers'][] = [[], [['if-none-match', '*']]];

describe.each(rawPaths)('%s is the same from both', (path) => {
  test.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('by %s', async (method) => {
    for (const headers of conditions) {
      const sent: Sent = { method, path, query: '', headers, body: undefined };
      const [ours, theirs] = await Promise.all([answerOf(front, sent), answerOf(nextAlone, sent)]);
      expect(ours).toHaveLength(1);
      expect(ours).toEqual(theirs);
    }
  });
});
