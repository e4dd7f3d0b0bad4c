import { expect, test } from 'vitest';
import { visitorLocale } from '#app/(interactive)/weather/visitor-locale.ts';

test.each([
  [null, 'h23', 'en'],
  ['', 'h23', 'en'],
  ['*', 'h23', 'en'],
  ['en-US,en;q=0.9', 'h12', 'en'],
  ['en-GB,en-US;q=0.9', 'h23', 'en'],
  ['de-CH, de;q=0.8, en-US;q=0.5', 'h23', 'de'],
  ['en-US;q=0.5, fr-CA;q=0.9', 'h23', 'fr'],
  ['hi-IN', 'h12', 'hi'],
  ['ja,en-US;q=0.8', 'h23', 'en'],
  ['en-US;q=0, de', 'h23', 'de'],
  ['en-US-u-hc-h23', 'h23', 'en'],
  ['xx-nonsense_, ;q=1, en-AU', 'h12', 'en'],
  [`${'q,'.repeat(10_000)}en-US`, 'h23', 'en'],
])('Accept-Language %j: %s, places in %s', (header, hourCycle, language) => {
  expect(visitorLocale(header)).toEqual({ hourCycle, language });
});
