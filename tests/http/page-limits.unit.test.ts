import { describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { checkPageLimits } from '#server/http/page-limits.ts';

const { queryBytes, queryParameters, cookies } = limits;
const query = (length: number) => `?${'q'.repeat(length)}`;
const parameters = (count: number) => `?${Array.from({ length: count }, (_, at) => `q${at}`).join('&')}`;
const cookie = (count: number) => Array.from({ length: count }, (_, at) => `c${at}=1`).join('; ');

describe('a page is served for', () => {
  test.each([
    ['no query and no cookie', { search: '', cookie: null }],
    ['a query of exactly the limit', { search: query(queryBytes), cookie: null }],
    ['as many parameters as are allowed', { search: parameters(queryParameters), cookie: null }],
    ['as many cookies as are allowed', { search: '', cookie: cookie(cookies) }],
  ])('%s', (_, request) => {
    expect(() => checkPageLimits(request)).not.toThrow();
  });
});

describe('a page is not served for', () => {
  test.each([
    ['one byte more', { search: query(queryBytes + 1), cookie: null }, 'uri_too_long'],
    ['one parameter more', { search: parameters(queryParameters + 1), cookie: null }, 'invalid_input'],
    ['one cookie more', { search: '', cookie: cookie(cookies + 1) }, 'invalid_input'],
  ])('%s', (_, request, reason) => {
    expect(() => checkPageLimits(request)).toThrow(expect.objectContaining({ reason }));
  });
});
