import { expect, test } from 'vitest';
import { testWith } from '#tests/support/skip.ts';
import { findGrowth } from './growth.ts';
import { lastingHandles, runSoak, type SoakReport } from './run.ts';

// The short form of `npm run soak`. A run of a few seconds cannot show growth of memory or latency.
testWith('procfs')(
  'a mixed load with faults causes no unexpected response, lost mail, leaked handle or logged defect',
  {
    timeout: 180_000,
  },
  async () => {
    const report = await runSoak({
      seed: 7,
      duration: 12_000,
      windows: 3,
      probe: 2_000,
      faultEvery: 2_900,
      faultFor: 1_000,
    });
    expect(report.unexpected).toEqual([]);
    expect(report.defects).toEqual([]);
    expect(report.mails.sent).toBeGreaterThan(0);
    expect(report.mails.delivered).toBe(report.mails.sent);
    expect(report.streams.fewestItems).toBeGreaterThan(1);
    expect(report.exitCode).toBe(0);
    // Leaked files and connections would number in the hundreds by now.
    expect(report.handles.after).toBeLessThan(report.handles.before + lastingHandles);
    for (const { requests, logBytesPerRequest } of report.windows) {
      expect(requests).toBeGreaterThan(0);
      expect(logBytesPerRequest).toBeLessThan(2_000);
    }
  },
);

test('findGrowth names every figure that grows too much', () => {
  const steady = {
    requests: 1,
    unexpected: 0,
    p50: 1,
    p99: 10,
    residentMegabytes: 300,
    handles: 60,
    logBytesPerRequest: 300,
    processor: 0.5,
    slowest: 'none',
  };
  const reportOf = (...windows: SoakReport['windows']): SoakReport => ({
    capacity: 2,
    rate: 1,
    windows,
    unexpected: [],
    defects: [],
    mails: { sent: 3, delivered: 3 },
    streams: { open: 200, fewestItems: 3 },
    handles: { before: 30, after: 40 },
    exitCode: 0,
  });
  const warmUp = { ...steady, p99: 900, residentMegabytes: 100 };
  expect(findGrowth(reportOf(warmUp, steady, steady, steady))).toEqual([]);
  const grown = {
    ...steady,
    residentMegabytes: 350,
    handles: 80,
    p99: 16,
    logBytesPerRequest: 400,
    processor: 0.7,
  };
  expect(findGrowth(reportOf(warmUp, steady, steady, grown))).toEqual([
    'residentMegabytes grew from 300 to 350',
    'handles grew from 60 to 80',
    'p99 grew from 10 to 16',
    'processor grew from 0.5 to 0.7',
    'logBytesPerRequest grew from 300 to 400',
  ]);
  const leaking = {
    ...reportOf(warmUp, steady),
    handles: { before: 30, after: 90 },
    mails: { sent: 3, delivered: 2 },
  };
  expect(findGrowth(leaking)).toEqual([
    '90 handles are open, up from 30',
    '3 mails were accepted, 2 delivered',
  ]);
});
