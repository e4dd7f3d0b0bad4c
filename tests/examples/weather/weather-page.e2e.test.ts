import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { chosenPlaceCookie } from '#app/(interactive)/weather/chosen-place.ts';
import { warmForecast } from '#tests/examples/weather/warm-forecast.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { emptyResponse } from './support.ts';

const toronto = {
  ...emptyResponse(-18_000),
  timezone: 'America/Toronto',
  current: { time: '2026-03-08T01:00' },
  hourly: { time: ['2026-03-08T01:00', '2026-03-08T02:00', '2026-03-08T03:00'] },
  daily: {
    time: ['2026-03-07', '2026-03-09'],
    sunrise: ['2026-03-07T06:43', '2026-03-09T06:39'],
    sunset: ['2026-03-07T18:13', '2026-03-09T18:16'],
  },
};

const arctic = (sunset: string) => ({
  ...emptyResponse(7200),
  timezone: 'Arctic/Longyearbyen',
  daily: { time: ['2026-06-21'], sunrise: ['2026-06-21T00:00'], sunset: [sunset] },
});

/** The forecasts by latitude. */
const forecasts = new Map<number, unknown>([
  [43.65, toronto],
  [78.1, arctic('2026-06-21T00:00')],
  [78.2, arctic('2026-06-22T00:00')],
]);
const queried = z.object({ latitude: z.tuple([z.number()]) });

const server = createServer(async (request, response) => {
  const { latitude } = queried.parse(JSON.parse(await text(request)));
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(forecasts.get(latitude[0]) ?? emptyResponse()));
});
let product: Product;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  product = await startProduct({ OPEN_METEO_URL: `http://127.0.0.1:${port}` });
});
afterAll(async () => {
  await product?.close();
  server.close().closeAllConnections();
});

/** Returns the cells of each row of the tables on the page of a place. */
async function rowsAt(lat: number, language = '*'): Promise<string[][]> {
  await warmForecast(product, { lat, lng: 20 });
  const place = JSON.stringify({ name: 'A place', lat, lng: 20 });
  const headers = {
    cookie: `${chosenPlaceCookie}=${encodeURIComponent(place)}`,
    'accept-language': language,
  };
  const html = await (await fetch(`${product.baseUrl}/weather`, { headers })).text();
  return Array.from(html.matchAll(/<tr>(.*?)<\/tr>/gs), ([, row = '']) =>
    Array.from(row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs), ([, cell = '']) => cell.replace(/<[^>]*>/g, '')),
  );
}

test('over a clock change all times are those that the clocks of the place show', async () => {
  const rows = await rowsAt(43.65);
  expect(rows.map(([head, ...cells]) => [head, ...cells.slice(-2)])).toEqual(
    expect.arrayContaining([
      ['Sat 7', '06:43', '18:13'],
      ['Mon 9', '07:39', '19:16'],
    ]),
  );
  // 02:00 does not exist.
  expect(rows.map(([head]) => head).filter((head) => head?.startsWith('Sun '))).toEqual([
    'Sun 01:00',
    'Sun 03:00',
    'Sun 04:00',
  ]);
});

test('for a visitor whose language has 12 hours, times have them', async () => {
  const rows = await rowsAt(43.65, 'en-US,en;q=0.9');
  expect(rows.find(([head]) => head === 'Sat 7')?.slice(-2)).toEqual(['6:43 AM', '6:13 PM']);
  expect(rows.map(([head]) => head)).toContain('Sun 1:00 AM');
});

test.each([
  ['polar night', 78.1, ['Does not rise', '–']],
  ['polar day', 78.2, ['–', 'Does not set']],
])('in the %s the table says so', async (_, lat, cells) => {
  expect((await rowsAt(lat)).find(([head]) => head === 'Sun 21')?.slice(-2)).toEqual(cells);
});
