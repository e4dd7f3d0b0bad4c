import { afterAll, beforeAll, expect, test } from 'vitest';
import { cities } from '#tests/examples/weather/stand-in/gazetteer.ts';
import { zoneAt } from '#tests/examples/weather/stand-in/zone.ts';
import { startUpstreams, type Upstreams } from '#tests/support/upstreams/index.ts';
import { at } from '#tests/upstreams/at.ts';
import { get } from '#tests/upstreams/send.ts';

let upstreams: Upstreams;
beforeAll(async () => {
  upstreams = await startUpstreams();
});
afterAll(() => upstreams.close());

const search = (query: Record<string, string>) =>
  get(upstreams.env.OPEN_METEO_GEOCODING_URL, '/v1/search', query);

async function names(name: string, count = '10'): Promise<unknown[]> {
  const results = at((await search({ name, count })).json, 'results');
  return Array.isArray(results) ? results.map((result) => at(result, 'name')) : [];
}

test.each([
  ['sao paulo', 'São Paulo'],
  ['SÃO PAULO', 'São Paulo'],
  // The same letters, decomposed.
  ['Sa\u0303o Paulo', 'São Paulo'],
  ['zurich', 'Zürich'],
  ['tromso', 'Tromsø'],
  ['lodz', 'Łódź'],
  ['İSTANBUL', 'Istanbul'],
  ['München', 'Munich'],
  ['KØBENHAVN', 'Copenhagen'],
  ["st. john's", "St. John's"],
])('%s finds %s', async (wanted, found) => {
  expect(await names(wanted)).toEqual([found]);
});

test('a prefix finds all matches, larger cities first, but an exact match comes first', async () => {
  expect(await names('be')).toEqual(['Beijing', 'Berlin']);
  expect(await names('rom')).toEqual(['Rome']);
  expect(await names('co', '1')).toEqual(['Copenhagen']);
});

test('a name under two characters finds nothing', async () => {
  for (const name of ['B', ' B ', 'ü']) {
    const { status, json } = await search({ name });
    expect(status).toBe(200);
    expect(at(json, 'results')).toBeUndefined();
  }
});

test('a name of combining marks or blanks finds nothing', async () => {
  expect(await names('\u0301\u0301')).toEqual([]);
  expect(await names('    ')).toEqual([]);
});

test('rejects an invalid count, another format and a missing name', async () => {
  for (const query of [
    { name: 'Berlin', count: '0' },
    { name: 'Berlin', count: '101' },
    { name: 'Berlin', format: 'xml' },
    {},
  ]) {
    const { status, json } = await search(query);
    expect(status).toBe(400);
    expect(json).toEqual({ error: true, reason: expect.any(String) });
  }
});

test('the gazetteer is valid: known time zones, valid coordinates, every continent, unique names', () => {
  expect(cities.length).toBeGreaterThanOrEqual(60);
  expect(new Set(cities.map((city) => city.name)).size).toBe(cities.length);
  for (const city of cities) {
    expect(zoneAt(city.timezone, 0), city.name).toBeDefined();
    expect(Math.abs(city.latitude), city.name).toBeLessThanOrEqual(90);
    expect(Math.abs(city.longitude), city.name).toBeLessThanOrEqual(180);
    expect(city.population, city.name).toBeGreaterThan(0);
    expect(city.elevation, city.name).toBeGreaterThan(0);
    expect(city.countryCode, city.name).toMatch(/^[A-Z]{2}$/);
  }
  const areas = new Set(cities.map((city) => city.timezone.split('/')[0]));
  for (const area of ['Africa', 'America', 'Antarctica', 'Asia', 'Australia', 'Europe', 'Pacific']) {
    expect(areas).toContain(area);
  }
});
