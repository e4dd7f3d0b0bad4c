import { beforeAll, expect, test } from 'vitest';
import { sendBytes } from '#tests/http/support/raw-socket.ts';
import { readError } from '#tests/support/call.ts';
import { type SharedProduct, sharedProduct } from '#tests/support/shared.ts';

let product: SharedProduct;

beforeAll(async () => {
  product = await sharedProduct();
});

const base = '/api/raw/store/files';

test.each([
  `${base}/.`,
  `${base}/..`,
  `${base}/../files/a`,
  `${base}/%2e`,
  `${base}/%2e%2e`,
  `${base}/.%2E`,
  `${base}/%252e%252e`,
  `${base}/%25252e%25252e`,
  `${base}/%c0%ae%c0%ae`,
  `${base}/%ef%bc%8e%ef%bc%8e`,
  `${base}/a%2fb`,
  `${base}/a%252Fb`,
  `${base}/a%5Cb`,
  `${base}/a\\b`,
  `${base}/a;b`,
  `${base}/a%3bb`,
  `${base}/a%00`,
  `${base}/a%0d%0ahost:%20evil.example`,
  `${base}/a%7f`,
  `${base}//a`,
  `${base}/`,
  `${base}/a/`,
  `${base}/a#b`,
  `${base}/%ff`,
  `${base}/%`,
  `${base}/%zz`,
  `${base}/${'x'.repeat(300)}`,
  `${base}${'/x'.repeat(1_200)}`,
  `/api/raw/store/../files/files/a`,
  `/api/raw/../raw/store/files/a`,
  `/x/..${base}/a`,
  `/api/raw/store/http://evil.example/a`,
  `/api/raw/store/user:password@evil.example/a`,
  `/api/raw/%73tore%2ffiles%2fa`,
  `/api/raw//store/files/a`,
  `http://evil.example${base}/a`,
  `${base}/{name}`,
])('%s gets a 4xx and is not sent to the upstream', async (target) => {
  const { store } = product.upstreams;
  store.requests.length = 0;
  const { responses } = await sendBytes(
    product.baseUrl,
    `GET ${target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`,
  );
  const [response] = responses;
  expect(response?.status).toBeGreaterThanOrEqual(400);
  expect(response?.status).toBeLessThan(500);
  const { data } = readError(JSON.parse(response?.text ?? ''));
  expect(response?.headers.get('x-request-id')).toBe(data.requestId);
  expect(store.requests).toEqual([]);
});
