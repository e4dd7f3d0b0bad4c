import { describe, expect, test } from 'vitest';
import { type Cookie, cookieHeader, cookieNameOf, readCookie } from '#server/http/cookie.ts';

const secure = 'https://site.example';
const local = 'http://localhost:3000';
const session: Cookie = { name: 'session', sameSite: 'Lax' };
const place: Cookie = { name: 'place', sameSite: 'Strict', readable: true };

test.each([
  [session, secure, '__Host-Http-session'],
  [place, secure, '__Host-place'],
  [session, local, 'session'],
  [place, local, 'place'],
  // Only the scheme counts.
  [session, 'http://https:3000', 'session'],
])('the name of the cookie %o at %s is %s', (cookie, siteUrl, name) => {
  expect(cookieNameOf(cookie, siteUrl)).toBe(name);
});

describe('readCookie', () => {
  const read = (header: string | null, siteUrl = local) =>
    readCookie(new Headers(header === null ? {} : { cookie: header }), session, siteUrl);

  test.each([
    ['session=a', 'a'],
    ['other=b; session=a', 'a'],
    ['session=a; other=b', 'a'],
    ['other=b;session=a;third=c', 'a'],
    ['session=a=b', 'a=b'],
    ['session=', ''],
    ['session=first; session=second', 'first'],
    ['Session=a', undefined],
    ['my-session=a', undefined],
    ['other=session=a', undefined],
    ['session', undefined],
    ['', undefined],
    [null, undefined],
  ])('of %j is %j', (header, value) => {
    expect(read(header)).toBe(value);
  });

  test('takes only the name with the prefix over HTTPS, which a sibling domain cannot set', () => {
    expect(read('session=forged', secure)).toBeUndefined();
    expect(read('session=forged; __Host-Http-session=own', secure)).toBe('own');
  });
});

test.each([
  [session, secure, '__Host-Http-session=v; Max-Age=1; Path=/; SameSite=Lax; Secure; HttpOnly'],
  [place, secure, '__Host-place=v; Max-Age=1; Path=/; SameSite=Strict; Secure'],
  [session, local, 'session=v; Max-Age=1; Path=/; SameSite=Lax; HttpOnly'],
  [place, local, 'place=v; Max-Age=1; Path=/; SameSite=Strict'],
])('the header that sets the cookie %o at %s is %s', (cookie, siteUrl, header) => {
  expect(cookieHeader(cookie, 'v', { maxAge: 1_999, siteUrl })).toBe(header);
});

test('the header that deletes a cookie has a Max-Age of 0 and the same attributes', () => {
  expect(cookieHeader(session, '', { maxAge: 0, siteUrl: secure })).toBe(
    '__Host-Http-session=; Max-Age=0; Path=/; SameSite=Lax; Secure; HttpOnly',
  );
});
