import { describe, expect, test } from 'vitest';
import { preflightResponse, setCorsHeaders } from '#server/http/cors.ts';

const app = 'https://app.example.org';
const exposed = 'x-request-id, ratelimit, ratelimit-policy, retry-after, www-authenticate';

function corsHeaders(origin: string | null, allowed: string[], given: Record<string, string> = {}) {
  const headers = { ...given };
  setCorsHeaders(headers, origin, allowed);
  return headers;
}

describe('a response', () => {
  test('says nothing about origins if none is allowed', () => {
    expect(corsHeaders(app, [])).toEqual({});
  });

  test('can be read by a page of an allowed origin', () => {
    expect(corsHeaders(app, ['https://other.example', app], { vary: 'Accept' })).toEqual({
      vary: 'Accept, Origin',
      'access-control-allow-origin': app,
      'access-control-expose-headers': exposed,
    });
  });

  test.each([null, 'null', 'https://evil.example', `${app}.evil.example`])(
    'cannot be read by a page of the origin %j, and caches keep it apart',
    (origin) => {
      expect(corsHeaders(origin, [app])).toEqual({ vary: 'Origin' });
    },
  );
});

describe('a preflight', () => {
  const preflight = (headers: Record<string, string>, allowed = [app]) =>
    preflightResponse(new Request('http://localhost/', { method: 'OPTIONS', headers }), allowed, 'GET, POST');

  test('of an allowed origin gets the methods, the headers that it asks for, and how long to remember them', () => {
    const asked = 'X-Own,x-own, b@d , authorization, x-other';
    expect(preflight({ origin: app, 'access-control-request-headers': asked })).toEqual({
      status: 204,
      body: null,
      headers: {
        allow: 'GET, POST, OPTIONS',
        vary: 'Origin, Access-Control-Request-Headers',
        'access-control-allow-origin': app,
        'access-control-expose-headers': exposed,
        'access-control-allow-methods': 'GET, POST',
        'access-control-allow-headers':
          'content-type, authorization, x-request-id, idempotency-key, x-own, x-other',
        'access-control-max-age': '600',
      },
    });
  });

  test('that asks for no headers gets those that the product reads', () => {
    expect(preflight({ origin: app }).headers['access-control-allow-headers']).toBe(
      'content-type, authorization, x-request-id, idempotency-key',
    );
  });

  test.each([
    ['another origin', { origin: 'https://evil.example' }, [app], { vary: 'Origin' }],
    ['no origin', {}, [app], { vary: 'Origin' }],
    ['any origin, if none is allowed', { origin: app }, [], {}],
  ])('of %s gets only the methods of the resource', (_, headers, allowed, vary) => {
    expect(preflight({ ...headers, 'access-control-request-headers': 'x-own' }, allowed)).toEqual({
      status: 204,
      body: null,
      headers: { allow: 'GET, POST, OPTIONS', ...vary },
    });
  });
});
