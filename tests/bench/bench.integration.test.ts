import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { describeWith } from '#tests/support/skip.ts';
import { type ContenderId, contenders, start } from './http/contenders.ts';
import { expectResponse } from './http/measure.ts';
import { summarize } from './http/report.ts';
import { scenarios } from './http/scenarios.ts';
import { readOptions } from './options.ts';
import type { Measured } from './support/load.ts';
import { otherShare } from './support/other-load.ts';
import { processorSeconds, residentMegabytes } from './support/processes.ts';
import { quantile, ratios, repeatability, spreadOf } from './support/statistics.ts';
import { table } from './support/table.ts';
import { BenchError } from './support/tools.ts';

describe('statistics', () => {
  test('a quantile is interpolated between its neighbours, regardless of the order of the values', () => {
    expect(quantile([3, 1, 2], 0.5)).toBe(2);
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantile([10, 20], 0.99)).toBeCloseTo(19.9);
    expect(quantile([7], 0.99)).toBe(7);
    expect(quantile([], 0.5)).toBeNaN();
  });

  test('a spread consists of the median, the minimum and the maximum', () => {
    expect(spreadOf([5, 1, 9])).toEqual({ median: 5, low: 1, high: 9 });
  });

  test('ratios compare figures of the same round, so a slowdown of both does not change them', () => {
    expect(ratios([2, 20, 200], [1, 10, 100])).toEqual({ median: 2, low: 2, high: 2 });
    expect(ratios([2, 4], [1])).toEqual({ median: 2, low: 2, high: 2 });
    expect(ratios([2, 4], [0, 1])).toEqual({ median: 4, low: 4, high: 4 });
  });
});

test('other programs are what is left of the processor time without that of the bench', () => {
  const before = { at: 10, all: 100, own: 40 };
  expect(otherShare(before, { at: 12, all: 103, own: 42.9 })).toBeCloseTo(0.05);
  // A reading of one moment and of the next can differ by a tick.
  expect(otherShare(before, { at: 12, all: 102.99, own: 43 })).toBe(0);
  expect(otherShare(before, before)).toBe(0);
});

test('a figure is repeatable if both halves of its rounds have it', () => {
  expect(repeatability([100, 100, 100])).toBe(1);
  expect(repeatability([100, 125, 100, 125])).toBe(1.25);
  expect(repeatability([125, 100])).toBe(1.25);
  expect(repeatability([7])).toBe(1);
});

test('a ratio above 1 means better for throughput and processor time, and slower for p99', async () => {
  const round = (perSecond: number, processor: number, p99: number): Measured => ({
    requests: 100,
    perSecond,
    processor,
    p50: 1,
    p99,
    resident: 50,
    otherShare: 0,
  });
  const running = (id: ContenderId) => ({
    id,
    contender: contenders[id],
    baseUrl: '',
    pid: 0,
    log: '',
    close: async () => {},
  });
  const ours = { scenario: 'mutation', running: running('f'), rounds: [round(800, 100, 250)] };
  const base = { scenario: 'mutation', running: running('c'), rounds: [round(100, 800, 1000)] };
  const { against } = summarize(ours, { c: base, self: ours });
  expect(Object.keys(against)).toEqual(['c']);
  expect(against.c?.perSecond.median).toBe(8);
  expect(against.c?.processor.median).toBe(8);
  expect(against.c?.p99.median).toBe(0.25);
});

test('a table aligns numbers right and text left, and shows three significant digits', () => {
  const rows = [
    ['one', 1234, 0.012345],
    ['another', 1.2345, undefined],
  ];
  expect(table(['name', 'n', 'small'], rows)).toBe(
    ['name        n  small', '-------  ----  -----', 'one      1234  0.012', 'another  1.23      -'].join(
      '\n',
    ),
  );
});

test('invalid options are rejected with the usage text', () => {
  expect(readOptions(['--only=rpc,text', '--contenders=a,f', '--rounds=3', '--no-build'])).toMatchObject({
    only: ['rpc', 'text'],
    contenders: ['a', 'f'],
    rounds: 3,
    build: false,
  });
  for (const invalid of ['--only=rcp', '--contenders=z', '--rounds=0', '--rounds=x', '--color']) {
    expect(() => readOptions([invalid]), invalid).toThrow(BenchError);
  }
});

describeWith('procfs')('processes', () => {
  test('the processor time of a process includes that of its children', () => {
    const before = processorSeconds(process.pid);
    spawnSync(process.execPath, ['-e', 'const end = Date.now() + 300; while (Date.now() < end);']);
    // A new process needs several hundredths of a second before it runs any code.
    expect(processorSeconds(process.pid) - before).toBeGreaterThan(0.01);
  });

  test('the memory of a process tree includes that of a living child', async () => {
    const own = residentMegabytes(process.pid);
    const child = spawn(process.execPath, ['-e', 'process.stdout.write("up"); setInterval(() => {}, 1000)']);
    await new Promise((resolve) => child.stdout.once('data', resolve));
    expect(residentMegabytes(child.pid ?? 0)).toBeGreaterThan(10);
    expect(residentMegabytes(process.pid)).toBeGreaterThan(own);
    child.kill();
  });
});

describeWith('taskset', 'procfs')('a peer responds in every scenario that it takes part in', () => {
  const folder = mkdtempSync(join(tmpdir(), 'typed-bff-bench-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each(['a', 'b'] as const)('%s', async (id) => {
    const running = await start(id, { folder, env: { RSS_LENGTH: '5000', LLMS_LENGTH: '5000' } });
    try {
      let completed = 0;
      for (const scenario of scenarios) {
        const call = scenario.callOf(id, running.contender);
        if (!call) continue;
        await expectResponse(running, scenario, call);
        completed += 1;
      }
      expect(completed).toBe(6);
    } finally {
      await running.close();
    }
  });
});
