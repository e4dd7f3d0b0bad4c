import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sendBytes, type WireResponse } from '#tests/http/support/raw-socket.ts';
import { readError } from '#tests/support/call.ts';
import { proxyAuthorization } from '#tests/support/proxy-key.ts';
import { type SharedProduct, sharedProduct } from '#tests/support/shared.ts';

let product: SharedProduct;
beforeAll(async () => {
  product = await sharedProduct();
});
beforeEach(() => {
  product.upstreams.store.requests.length = 0;
});

const base = '/api/raw/store/files';

/** Sends a request. The characters of the target, up to U+00FF, are sent as bytes. */
async function send(method: string, target: string): Promise<WireResponse | undefined> {
  const head = [
    `${method} ${target} HTTP/1.1`,
    'host: localhost',
    'connection: close',
    `authorization: ${proxyAuthorization.authorization}`,
    ...(method === 'PUT' ? ['content-type: application/octet-stream', 'content-length: 1'] : []),
  ].join('\r\n');
  const bytes = Buffer.from(`${head}\r\n\r\n${method === 'PUT' ? 'x' : ''}`, 'latin1');
  const { responses, ended } = await sendBytes(product.baseUrl, bytes);
  expect(ended).toBe('closed');
  expect(responses).toHaveLength(1);
  return responses[0];
}

const titled = (target: string) => ({ target, title: JSON.stringify(target.slice(0, 60)) });

test.each([
  `${base}/synthetic-10.bin`,
  `${base}/synthetic%2D10.bin`,
  `${base}/%73ynthetic-10.bin`,
  `${base}/synthetic-10.bin?x=/../%2e`,
  `http://localhost${base}/synthetic-10.bin`,
])('a valid target reaches the store: %s', async (target) => {
  expect((await send('GET', target))?.status).toBe(200);
  expect(product.upstreams.store.requests.map(({ url }) => url)).toEqual(['/files/synthetic-10.bin']);
});

test.each([
  ['r%C3%A9sum%C3%A9.bin', 'r%C3%A9sum%C3%A9.bin'],
  ['my%20file.bin', 'my%20file.bin'],
  ['report%20(1).pdf', 'report%20(1).pdf'],
  ['-x', '-x'],
  ['notes%20%233.txt', 'notes%20%233.txt'],
  ['what%3F.txt', 'what%3F.txt'],
  ['user@example.org:80', 'user%40example.org%3A80'],
  ['100%25.txt', '100%25.txt'],
  ['%F0%9F%8C%A6.png', '%F0%9F%8C%A6.png'],
  ['n'.repeat(255), 'n'.repeat(255)],
  ['%6e'.repeat(101), 'n'.repeat(101)],
])('the name %s is one segment of the path in the store', async (name, sent) => {
  expect((await send('GET', `${base}/${name}`))?.status).toBe(404);
  expect(product.upstreams.store.requests.map(({ url }) => url)).toEqual([`/files/${sent}`]);
});

describe.each(['GET', 'PUT'])('%s gets a 4xx error response and is not sent to the store', (method) => {
  test.each(
    [
      // Dot segments in every position and encoding.
      `${base}/%2E%2e`,
      `${base}/%2e.`,
      `${base}/..%2fsynthetic-10.bin`,
      `${base}/..%5csynthetic-10.bin`,
      `${base}/..%00`,
      `${base}/%2e%2e%2f%2e%2e%2fetc%2fpasswd`,
      `${base}/%252e%252e%252fsynthetic-10.bin`,
      `${base}/%2525252e%2525252e`,
      `${base}/%u002e%u002e`,
      `${base}/%uff0e%uff0e`,
      `${base}/%e0%80%ae%e0%80%ae`,
      `${base}/%f0%80%80%ae`,
      `${base}/%e2%80%a5`,
      `${base}/%e2%80%a4%e2%80%a4`,
      `${base}/..;/synthetic-10.bin`,
      `${base}/..%3b/synthetic-10.bin`,
      '/api/raw/store/%2e%2e/files/synthetic-10.bin',
      '/api/raw/store/.%2e/files/files/synthetic-10.bin',
      '/api/raw/./store/files/synthetic-10.bin',
      '/api/raw/store/./files/synthetic-10.bin',
      '/api/raw/store/files/./synthetic-10.bin',
      '/api/raw/%2e%2e/raw/store/files/synthetic-10.bin',
      // Encoded, doubled or look-alike slashes.
      `${base}%2fsynthetic-10.bin`,
      `${base}%2Fsynthetic-10.bin`,
      '/api/raw/store%2ffiles%2fsynthetic-10.bin',
      '/api/raw/store%252ffiles%252fsynthetic-10.bin',
      '/api/raw%2ffiles/files/synthetic-10.bin',
      '/api/raw/store//files/synthetic-10.bin',
      `${base}/synthetic-10.bin//`,
      `${base}/a%ef%bc%8fb`,
      `${base}/a%c0%afb`,
      `${base}\\synthetic-10.bin`,
      `${base}%5csynthetic-10.bin`,
      `${base}/a%255cb`,
      '/api/raw\\files\\files\\synthetic-10.bin',
      // Parameters, fragments, user info, another host.
      `${base}/synthetic-10.bin;x=1`,
      `${base}/synthetic-10.bin%3bx=1`,
      `${base}/synthetic-10.bin%253b`,
      `${base};x/synthetic-10.bin`,
      `${base}/synthetic-10.bin#x`,
      `${base}#/synthetic-10.bin`,
      '/api/raw/store/@evil.example/synthetic-10.bin',
      '/api/raw/store@evil.example/files/synthetic-10.bin',
      '/api/raw/http:%2f%2fevil.example/files/synthetic-10.bin',
      `http://user@localhost${base}/synthetic-10.bin`,
      `HTTPS://evil.example${base}/synthetic-10.bin`,
      // Encoded control characters, line separators and invalid UTF-8.
      `${base}/a%01b`,
      `${base}/a%0a`,
      `${base}/a%0dhost:x`,
      `${base}/a%1bb`,
      `${base}/a%2500b`,
      `${base}/a%250d%250ab`,
      `${base}/a%c2%85b`,
      `${base}/a%e2%80%a8b`,
      `${base}/%80`,
      `${base}/%c3`,
      `${base}/%ed%a0%80`,
      `${base}/%f5%80%80%80`,
      `${base}/a%`,
      `${base}/a%2`,
      `${base}/a%%32e`,
      `${base}/a|b`,
      `${base}/a"b`,
      `${base}/a<b>`,
      `${base}/a^b`,
      `${base}/a\`b`,
      // Names that the endpoint does not accept, and names that are too long.
      `${base}/.hidden`,
      `${base}/${'n'.repeat(256)}`,
      `${base}/${'%c3%a9'.repeat(128)}`,
      `${base}/${'n'.repeat(3000)}`,
      `${base}/${'a/'.repeat(500)}`,
      `${base}/${'%2e'.repeat(2000)}`,
      '/api/raw/',
    ].map(titled),
  )('$title', async ({ target }) => {
    const response = await send(method, target);
    expect(response?.status).toBeGreaterThanOrEqual(400);
    expect(response?.status).toBeLessThan(500);
    expect(response?.headers.get('content-type')).toMatch(/^application\/json\b/);
    const { data } = readError(JSON.parse(response?.text ?? ''));
    expect(data.httpStatus).toBe(response?.status);
    expect(response?.headers.get('x-request-id')).toBe(data.requestId);
    expect(product.upstreams.store.requests).toEqual([]);
  });
});

describe("an invalid request target gets Node's own error response", () => {
  test.each(
    [
      `${base}/a b`,
      `${base}/a\tb`,
      `${base}/a\u0000b`,
      `${base}/a\u0001b`,
      `${base}/a\u007fb`,
      `${base}/a\u00ffb`,
      `${base}/a\u00c0\u00aeb`,
      `${base}/a\rb`,
      `${base}/a\nb`,
      `localhost:80${base}/synthetic-10.bin`,
      `${base}/${'n'.repeat(20_000)}`,
    ].map(titled),
  )('$title', async ({ target }) => {
    const response = await send('GET', target);
    expect([400, 431]).toContain(response?.status);
    expect(response?.text).toBe('');
    expect(product.upstreams.store.requests).toEqual([]);
  });
});
