import { describe, expect, test } from 'vitest';
import { setRateLimitHeaders } from '#server/http/rate-limit-headers.ts';
import type { ResponseHeaders } from '#server/http/response.ts';

describe('setRateLimitHeaders', () => {
  const bucket = { points: 5, windowSeconds: 60, allowed: true, remaining: 4, resetSeconds: 60 };
  const written = (...states: Parameters<typeof setRateLimitHeaders>[1][]) => {
    const headers: ResponseHeaders = { 'x-other': 'stays' };
    for (const state of states) setRateLimitHeaders(headers, state);
    return headers;
  };

  test('sets no headers when nothing was charged', () => {
    expect(written([])).toEqual({ 'x-other': 'stays' });
  });

  test('lists the classes in the order in which they were charged', () => {
    expect(
      written([
        { ...bucket, name: 'upstream' },
        { ...bucket, name: 'light', remaining: 0, resetSeconds: 1 },
      ]),
    ).toEqual({
      'x-other': 'stays',
      'ratelimit-policy': '"upstream";q=5;w=60, "light";q=5;w=60',
      ratelimit: '"upstream";r=4;t=60, "light";r=0;t=1',
    });
  });

  test('sets Retry-After to the longest wait among the exhausted classes', () => {
    const headers = written([
      { ...bucket, name: 'upstream', allowed: false, remaining: 0, resetSeconds: 7 },
      { ...bucket, name: 'mail', allowed: false, remaining: 0, resetSeconds: 30 },
      { ...bucket, name: 'light', resetSeconds: 60 },
    ]);
    expect(headers['retry-after']).toBe('30');
  });
});
