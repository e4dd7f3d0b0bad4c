import { randomBytes } from 'node:crypto';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { compressBody, isWorthCompressing } from '#server/node-server/compression.ts';

const { compressAbove, compressHereUpTo } = limits.nodeServer;
const json = { 'content-type': 'application/json' };

const large = compressAbove + 1;

test.each([
  { status: 200, headers: json, bytes: large, expected: true },
  { status: 200, headers: json, bytes: compressAbove, expected: false },
  { status: 404, headers: json, bytes: large, expected: false },
  { status: 201, headers: json, bytes: large, expected: false },
  { status: 200, headers: { ...json, 'content-encoding': 'br' }, bytes: large, expected: false },
  { status: 200, headers: {}, bytes: large, expected: false },
])(
  'a response $status with $headers and $bytes bytes is compressed: $expected',
  ({ bytes, expected, ...response }) => {
    expect(isWorthCompressing({ ...response, body: null }, bytes)).toBe(expected);
  },
);

test.each([
  ['text/html; charset=utf-8', true],
  ['text/', false],
  ['application/xml', true],
  ['application/rss+xml', true],
  ['application/feed+json; charset=utf-8', true],
  ['application/vnd.oai.openapi+json;version=3.1', true],
  ['application/jsonl', false],
  ['application/octet-stream', false],
  ['image/png', false],
  ['x-text/html', false],
])('a large response of the type %s is compressed: %s', (type, expected) => {
  expect(isWorthCompressing({ status: 200, headers: { 'content-type': type }, body: null }, large)).toBe(
    expected,
  );
});

const text = 'Grüße aus dem Süden. '.repeat(200);

/** Compresses a text for a client, and returns the body and the headers. */
async function compressFor(acceptEncoding: string | undefined, body: string | null = text, etag?: string) {
  const headers: Record<string, string> = { ...json, ...(etag === undefined ? {} : { etag }) };
  const message = new IncomingMessage(new Socket());
  if (acceptEncoding !== undefined) message.headers['accept-encoding'] = acceptEncoding;
  return { body: await compressBody(message, { status: 200, headers, body }), headers };
}

function unzipped(body: Awaited<ReturnType<typeof compressBody>>): string {
  if (!(body instanceof Uint8Array)) throw new Error('the body is not compressed');
  return gunzipSync(body).toString();
}

describe('a client', () => {
  test.each(['gzip', 'br, gzip;q=0.5', '*', 'gzip, identity'])(
    'that accepts %s gets gzip',
    async (accepted) => {
      const { body, headers } = await compressFor(accepted);
      expect(unzipped(body)).toBe(text);
      expect(headers).toEqual({ ...json, vary: 'accept-encoding', 'content-encoding': 'gzip' });
    },
  );

  test.each([undefined, '', 'br', 'identity', 'gzip;q=0', 'gzip;q=0.5, identity'])(
    'that accepts %s gets the plain text, and caches are told',
    async (accepted) => {
      const { body, headers } = await compressFor(accepted);
      expect(body).toBe(text);
      expect(headers).toEqual({ ...json, vary: 'accept-encoding' });
    },
  );

  test('gets no body without one', async () => {
    const { body, headers } = await compressFor('gzip', null);
    expect(body).toBeNull();
    expect(headers).not.toHaveProperty('content-encoding');
  });
});

test.each([compressHereUpTo, compressHereUpTo + 1])(
  'a text of %d characters is compressed',
  async (length) => {
    const long = randomBytes(length).toString('hex').slice(0, length);
    expect(unzipped((await compressFor('gzip', long)).body)).toBe(long);
  },
);

describe('a compressed document', () => {
  test('is kept by its ETag, because it is the same for every reader', async () => {
    const first = await compressFor('gzip', text, '"kept"');
    const second = await compressFor('gzip', text, '"kept"');
    expect(second.body).toBe(first.body);
    expect(second.headers).toMatchObject({ 'content-encoding': 'gzip' });
    const other = await compressFor('gzip', `${text} changed`, '"changed"');
    expect(unzipped(other.body)).toBe(`${text} changed`);
  });

  test('without an ETag is not kept', async () => {
    await compressFor('gzip');
    const { body } = await compressFor('gzip', `${text} changed`);
    expect(unzipped(body)).toBe(`${text} changed`);
  });
});
