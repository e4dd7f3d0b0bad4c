import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { decodePathSegment } from '#server/http/decode-path.ts';
import { sendBytes, type WireResponse } from '#tests/http/support/raw-socket.ts';
import type { RequestParts } from '#tests/http/support/request-parts.ts';
import { requestArbitrary } from '#tests/http/support/requests.ts';
import { toWire } from '#tests/http/support/wire.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { nextArguments } from '#tests/support/start-command.ts';

let ownServer: Product;
let nextStart: Product;
beforeAll(async () => {
  const env = { SITE_URL: 'http://localhost:3000' };
  [ownServer, nextStart] = await Promise.all([startProduct(env), startProduct(env, nextArguments)]);
}, 120_000);
afterAll(() => Promise.all([ownServer.close(), nextStart.close()]));

/** Headers about framing and time, which each server sets by its own rules. */
const serverHeaders = [
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'last-modified',
  'transfer-encoding',
];
/** Next adds the headers that its navigation and its compression depend on. */
const vary = 'vary';

/** Values that change with every request on either server, and their placeholders. */
const volatileValues: readonly [RegExp, string][] = [
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, 'TIME'],
  [/[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/g, 'ID'],
  [/"(ageSeconds|retryAfterSeconds)":\d+/g, '"$1":N'],
  [/"cache":"\w+"/g, '"cache":"STATE"'],
  [/;([rt])=\d+/g, ';$1=N'],
  [/"(median|p95)":[\d.]+/g, '"$1":N'],
];

function normalized(text: string): string {
  return volatileValues.reduce(
    (result, [pattern, placeholder]) => result.replaceAll(pattern, placeholder),
    text,
  );
}

function comparable({ status, headers, text }: WireResponse) {
  // Next's own redirect to the path without a trailing slash. The product's server adds security headers to it.
  if (status === 308) return { status, location: headers.get('location') };
  const kept = [...headers].filter(([name]) => !serverHeaders.includes(name) && name !== vary);
  return {
    status,
    headers: Object.fromEntries(kept.map(([name, value]) => [name, normalized(value)])),
    // The lines of a streamed batch come in the order in which the calls end.
    text:
      headers.get('content-type') === 'application/jsonl'
        ? normalized(text).split('\n').sort()
        : normalized(text),
  };
}

async function responsesOf({ baseUrl }: Product, parts: RequestParts) {
  const { responses } = await sendBytes(baseUrl, toWire(parts), { method: parts.method });
  return responses.map(comparable);
}

const wireRequest = requestArbitrary.map((parts) => ({
  ...parts,
  path: parts.path.replaceAll(/[^!-~]|[#?]/g, encodeURIComponent),
  query: parts.query.replaceAll(/[^!-~]|#/g, encodeURIComponent),
  headers: parts.headers.map(([name, value]) => [name, value.replaceAll(/[^\t\x20-\x7e]/g, '')] as const),
}));

/** `next start` rejects these paths before any route, in its own format. The product's server rejects them itself. */
function isRejectedByNext({ path }: RequestParts): boolean {
  try {
    decodePathSegment(path);
    return /\/(?:\.|%2e){1,2}(?=\/|$)/i.test(path);
  } catch {
    return true;
  }
}

/** Next redirects a path with a trailing slash before the limits of pages are checked. */
function isRedirectedByNext({ path, query }: RequestParts): boolean {
  return path.endsWith('/') && query.length > limits.queryBytes;
}

test("the product's server and next start give the same responses to thousands of random requests", {
  timeout: 240_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(
      wireRequest.filter((parts) => !isRejectedByNext(parts) && !isRedirectedByNext(parts)),
      async (parts) => {
        const [ours, theirs] = await Promise.all([
          responsesOf(ownServer, parts),
          responsesOf(nextStart, parts),
        ]);
        expect(ours).toEqual(theirs);
      },
    ),
    { numRuns: 1_200, seed: 20261125, endOnFailure: true },
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
  '/docs/procedures/fixture.body.md',
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
  '/api/trpc/fixture/body',
  '/api/raw/store/no/such',
  '/api/raw/nobody/file',
];
const conditions: RequestParts['headers'][] = [[], [['if-none-match', '*']]];

describe.each(rawPaths)('%s is the same from both servers', (path) => {
  test.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('by %s', async (method) => {
    for (const headers of conditions) {
      const parts: RequestParts = { method, path, query: '', headers, body: undefined };
      const [ours, theirs] = await Promise.all([
        responsesOf(ownServer, parts),
        responsesOf(nextStart, parts),
      ]);
      expect(ours).toHaveLength(1);
      expect(ours).toEqual(theirs);
    }
  });
});
