import { expect, test } from 'vitest';
import { testWith } from '#tests/support/skip.ts';
import { flatness } from './flatness.ts';
import { handlesThatStay, runSoak, type SoakReport } from './run.ts';

// The short form of `npm run soak`. How memory and times go over an hour, a few seconds cannot tell.
testWith('procfs')(
  'under a mixed load with faults nothing is answered wrongly, lost, left open or cried out',
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
    expect(report.wrong).toEqual([]);
    expect(report.defects).toEqual([]);
    expect(report.mails.sent).toBeGreaterThan(0);
    expect(report.mails.delivered).toBe(report.mails.sent);
    expect(report.exitCode).toBe(0);
    // Files and connections that callers left open would be hundreds by now.
    expect(report.handles.after).toBeLessThan(report.handles.before + handlesThatStay);
    for (const { requests, logBytesARequest } of report.windows) {
      expect(requests).toBeGreaterThan(0);
      expect(logBytesARequest).toBeLessThan(2_000);
    }
  },
);

test('what grows is named', () => {
  const steady = {
    requests: 1,
    wrong: 0,
    p50: 1,
    p99: 10,
    residentMegabytes: 300,
    handles: 60,
    logBytesARequest: 300,
    slowest: 'none',
  };
  const reportOf = (...windows: SoakReport['windows']): SoakReport => ({
    capacity: 2,
    rate: 1,
    windows,
    wrong: [],
    defects: [],
    mails: { sent: 3, delivered: 3 },
    handles: { before: 30, after: 40 },
    exitCode: 0,
  });
  const warmUp = { ...steady, p99: 900, residentMegabytes: 100 };
  expect(flatness(reportOf(warmUp, steady, steady, steady))).toEqual([]);
  const grown = { ...steady, residentMegabytes: 350, handles: 80, p99: 16, logBytesARequest: 400 };
  expect(flatness(reportOf(warmUp, steady, steady, grown))).toEqual([
    'residentMegabytes grew from 300 to 350',
    'handles grew from 60 to 80',
    'p99 grew from 10 to 16',
    'logBytesARequest grew from 300 to 400',
  ]);
  const leaking = {
    ...reportOf(warmUp, steady),
    handles: { before: 30, after: 90 },
    mails: { sent: 3, delivered: 2 },
  };
  expect(flatness(leaking)).toEqual([
    '90 handles are open of 30 before',
    '3 mails were accepted, 2 delivered',
  ]);
});
