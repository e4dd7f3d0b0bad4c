import { describe, expect, test } from 'vitest';
import { callTexts, latencyTexts } from '#app/(interactive)/status/history-texts.ts';
import { barsPath, linePath } from '#app/(interactive)/status/sparkline-paths.ts';
import { summaryOf } from '#app/(interactive)/status/status-summary.ts';

describe('the line of a sparkline', () => {
  test('goes from the first to the last value, the highest at the top', () => {
    expect(linePath([0, 5, 10], 10)).toBe('M40 38L40 38L120 20L200 2');
  });

  test('has a gap where there is no value, and a dot between two gaps', () => {
    expect(linePath([null, 10, null, 10, 10], 10)).toBe('M72 2L72 2M168 2L168 2L216 2');
  });

  test('is empty without values, and flat where all are zero', () => {
    expect(linePath([null, null], 0)).toBe('');
    expect(linePath([0, 0], 0)).toBe('M60 38L60 38L180 38');
  });
});

describe('the bars of a sparkline', () => {
  test('stand on the base, and the highest reaches the top', () => {
    expect(barsPath([0, 10, 5], 10)).toBe('M92 40v-36h56v36zM172 40v-18h56v18z');
  });

  test('are visible for the smallest value', () => {
    expect(barsPath([1], 10_000)).toBe('M36 40v-2h168v2z');
  });
});

describe('the text of the latencies', () => {
  test('has the lowest, the highest and the latest', () => {
    expect(latencyTexts({ latency: [null, 1_200, 20, 35, null] })).toEqual({
      summary: '35 ms, max 1,200 ms',
      alternative: 'Mean latency per minute in the last hour: from 20 to 1,200 ms, most recently 35 ms.',
    });
  });

  test('says that there was no response', () => {
    expect(latencyTexts({ latency: [null] }).alternative).toBe('No responses in the last hour.');
  });
});

describe('the text of the calls', () => {
  const endsAt = new Date('2026-05-04T12:00:00Z');

  test('has all calls, the busiest minute, and when the last one failed', () => {
    expect(callTexts({ endsAt, calls: [0, 9, 2, 1], failures: [0, 2, 1, 0] })).toEqual({
      summary: '12 calls, 3 failed',
      alternative: 'In the last hour: 12 calls, 3 failed, last at 11:59 UTC, at most 9 a minute.',
    });
  });

  test('says that none failed, and that there were none', () => {
    expect(callTexts({ endsAt, calls: [1], failures: [0] }).alternative).toBe(
      'In the last hour: 1 call, 0 failed, at most 1 a minute.',
    );
    expect(callTexts({ endsAt, calls: [0], failures: [0] }).summary).toBe('no calls');
  });
});

describe('the summary', () => {
  const upstream = (title: string, breaker: 'closed' | 'half_open' | 'open', configured = true) => ({
    title,
    breaker,
    configured,
  });

  test.each([
    [[upstream('A', 'closed'), upstream('B', 'open', false)], 'All backends work normally.'],
    [[upstream('A', 'open'), upstream('B', 'half_open')], 'A fails. B recovers. All others work normally.'],
    [[upstream('A', 'open'), upstream('B', 'open')], 'A and B fail. All others work normally.'],
    [[upstream('A', 'half_open'), upstream('B', 'closed')], 'A recovers. All others work normally.'],
  ])('of %j is: %s', (upstreams, text) => {
    expect(summaryOf(upstreams, undefined).text).toBe(text);
  });

  test('says first what is wrong with the instance', () => {
    expect(summaryOf([upstream('A', 'open')], 'Not ready: the database is down')).toEqual({
      text: 'Not ready: the database is down',
      tone: 'error',
    });
  });
});
