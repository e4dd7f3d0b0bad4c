import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { expectError, post, postBatch, rawRequest, resultOf } from '#tests/support/call.ts';
import { addSuccesses } from '#tests/support/healthy-history.ts';
import { failureLine } from '#tests/support/log-lines.ts';
import { type Product, startProduct } from '#tests/support/product.ts';

/** Unique markers: one in the log means that the log contains personal data. */
const personal = {
  email: 'ada.marker@visitor.example',
  name: 'Markername',
  subject: 'Markersubject',
  contents: 'markercontents of a call',
  place: 'Markerplace',
  lat: 71.361_234,
  lng: 98.551_234,
};
/** Seconds are never 71 or 98, so a timestamp in the log cannot match a coordinate. */
const markers = /marker|71\.36|98\.55/i;

let product: Product;

beforeAll(async () => {
  product = await startProduct({ LOG_LEVEL: 'trace' });
});
afterAll(() => product.close());
afterEach(() => {
  const { readings, search, items } = product.upstreams;
  for (const standIn of [readings, search, items]) standIn.fault(undefined);
});

const { email, name, subject, contents, place, lat, lng } = personal;

/** Provokes a logged failure and waits for its line. Lines logged earlier have arrived by then. */
async function expectNoMarkers(): Promise<void> {
  product.upstreams.items.fault(undefined);
  await addSuccesses(product, 'proxy.items.render');
  product.upstreams.items.fault({ kind: 'status', status: 500 });
  const input = { params: { owner: 'trpc', repo: `last-${Math.random()}` } };
  const { data } = await expectError(await post(product, 'proxy.items.item', input), {
    reason: 'upstream_bad_answer',
  });
  await failureLine(product, data.requestId);
  expect(
    product
      .log()
      .split('\n')
      .filter((line) => markers.test(line)),
  ).toEqual([]);
}

async function statusOf(response: Response): Promise<number> {
  await response.arrayBuffer();
  return response.status;
}

test('successful calls log nothing of their contents', async () => {
  await resultOf(await post(product, 'fixture.body', { contents }));
  await resultOf(await post(product, 'fixture.reading', { lat, lng }));
  await resultOf(await post(product, 'fixture.search', { name: place }));
  await resultOf(await post(product, 'proxy.items.render', { body: { text: contents } }));
  await resultOf(await post(product, 'email.send', { email, name, subject, contents }));
  await postBatch(product, [
    ['fixture.reading', { lat, lng, days: 2 }],
    ['fixture.search', { name: place }],
  ]);
  await expectNoMarkers();
});

test('rejected calls log nothing of their contents', async () => {
  const rejected = [
    await post(product, 'fixture.reading', { lat: `${lat}`, lng, name: place }),
    await post(product, 'email.send', { email: `${email}@`, contents }),
    await post(product, 'email.send', { email, contents: contents.repeat(1000) }),
    await post(product, 'email.status', { id: contents }),
    await rawRequest(product, {
      method: 'POST',
      path: '/api/trpc/fixture.body',
      headers: { 'content-type': 'application/json' },
      chunks: [JSON.stringify({ json: contents.repeat(10_000) })],
    }),
    await post(product, 'proxy.items.item', { params: { owner: place, repo: contents } }),
    await fetch(`${product.baseUrl}/api/trpc/fixture.reading`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `{"json":{"lat":${lat},"lng":${lng},`,
    }),
  ];
  for (const response of rejected) expect(await statusOf(response)).toBeGreaterThanOrEqual(400);
  await expectNoMarkers();
});

test('page forms log nothing of their contents', async () => {
  const form = (path: string, fields: Record<string, string>) =>
    fetch(`${product.baseUrl}${path}`, {
      method: 'POST',
      body: new URLSearchParams(fields),
      redirect: 'manual',
    });
  expect(await statusOf(await form('/contact/send', { email, name, subject, contents }))).toBe(303);
  expect(await statusOf(await form('/contact/send', { email: place, contents }))).toBe(303);
  await expectNoMarkers();
});

test('failing upstreams log nothing of the request', async () => {
  await addSuccesses(product, 'proxy.items.render');
  const { readings, search, items } = product.upstreams;
  for (const standIn of [readings, search, items]) {
    standIn.fault({ kind: 'status', status: 500 });
  }
  expect(await statusOf(await post(product, 'fixture.reading', { lat, lng, days: 3 }))).toBe(502);
  expect(await statusOf(await post(product, 'fixture.search', { name: `${place}s` }))).toBe(502);
  const markdown = await post(product, 'proxy.items.render', { body: { text: contents } });
  expect(await statusOf(markdown)).toBe(502);
  for (const standIn of [readings, search]) standIn.fault({ kind: 'reset' });
  expect(await statusOf(await post(product, 'fixture.reading', { lat, lng, days: 4 }))).toBe(502);
  expect(await statusOf(await post(product, 'fixture.search', { name: `${place}x` }))).toBe(502);
  await expectNoMarkers();
});

test.each([
  {
    title: 'in an error',
    fault: { kind: 'status', status: 400, body: `{"reason":"Given: ${lat}"}` } as const,
  },
  {
    title: 'in text where JSON should be',
    fault: { kind: 'body', contentType: 'application/json', body: `lat ${lat} is odd` } as const,
  },
])('an upstream that echoes the input $title does not put it into the log', async ({ fault }) => {
  product.upstreams.readings.fault(fault);
  expect(await statusOf(await post(product, 'fixture.reading', { lat, lng, days: 5 }))).toBe(502);
  await expectNoMarkers();
});
