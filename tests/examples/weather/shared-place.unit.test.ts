import { describe, expect, test } from 'vitest';
import { labelOf, myLocation, sharePath } from '#app/(interactive)/weather/place-label.ts';
import { bestMatch, readSharedPlace } from '#app/(interactive)/weather/shared-place.ts';

const place = (name: string, region: string | null, country: string, lat: number) => ({
  name,
  region,
  country,
  lat,
  lng: 0,
  timezone: null,
});
const springfields = [
  place('Springfield', 'Missouri', 'United States', 1),
  place('Springfield', 'Illinois', 'United States', 2),
  place('Springfield', null, 'New Zealand', 3),
];

function queryOf(path: string | undefined): Record<string, string> {
  return Object.fromEntries(new URL(path ?? '', 'http://localhost').searchParams);
}

describe('the path of a shared place', () => {
  test('has its public name only, and the language of the name', () => {
    const berlin = { name: 'Berlin, Germany', lat: 52.52, lng: 13.41 };
    expect(sharePath(berlin, 'en')).toBe('/weather?place=Berlin%2C+Germany');
    expect(sharePath(berlin, 'de')).toBe('/weather?place=Berlin%2C+Germany&language=de');
  });

  test('does not exist for the location of the device', () => {
    expect(sharePath({ name: myLocation }, 'en')).toBeUndefined();
  });

  test.each(springfields)('leads to the same place of several with one name: $region, $country', (wanted) => {
    const shared = readSharedPlace(queryOf(sharePath({ name: labelOf(wanted) }, 'en')));
    expect(shared?.name).toBe('Springfield');
    expect(shared && bestMatch(shared, springfields)).toBe(wanted);
  });
});

describe('a link', () => {
  test.each([
    [{}, undefined],
    [{ place: ['a', 'b'] }, undefined],
    [{ place: '  ' }, undefined],
    [{ place: ', Germany' }, undefined],
    [{ place: ' Berlin ' }, { label: 'Berlin', name: 'Berlin', language: 'en' }],
    [
      { place: 'Wien, Österreich', language: 'de' },
      { label: 'Wien, Österreich', name: 'Wien', language: 'de' },
    ],
    [
      { place: 'Wien', language: 'xx' },
      { label: 'Wien', name: 'Wien', language: 'en' },
    ],
  ])('with the query %j is read as %j', (query, shared) => {
    expect(readSharedPlace(query)).toEqual(shared);
  });

  test('with a long text is cut to what a search accepts', () => {
    expect(readSharedPlace({ place: 'x'.repeat(10_000) })?.name).toHaveLength(100);
  });

  test('to a name alone leads to the first match, and without a match nowhere', () => {
    const shared = readSharedPlace({ place: 'springfield' });
    expect(shared && bestMatch(shared, springfields)?.lat).toBe(1);
    expect(shared && bestMatch(shared, [])).toBeUndefined();
  });
});
