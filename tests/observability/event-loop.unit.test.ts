import { beforeEach, describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { type Block, createBlockDetector } from '#server/observability/event-loop.ts';
import { createWorkRecord, type WorkRecord } from '#server/observability/work.ts';

const { checkInterval } = limits.eventLoop;

/** Milliseconds, in the place of the machine's clocks. */
let time: number;
let processorTime: number;
let work: WorkRecord;
let detect: () => Block | undefined;
beforeEach(() => {
  time = 1_000;
  processorTime = 0;
  work = createWorkRecord(() => time);
  detect = createBlockDetector({ now: () => time, processorTime: () => processorTime, record: work });
});

/** The thread computes. */
function run(milliseconds: number): void {
  time += milliseconds;
  processorTime += milliseconds;
}

/** Nothing runs until the timer is due. Returns what it detects. */
function turn(): Block | undefined {
  time += checkInterval;
  return detect();
}

test('work within the limit is not reported', () => {
  const end = work.start('/rss.xml');
  run(49);
  end();
  expect(turn()).toBeUndefined();
});

describe('a block names', () => {
  test('the unit that started before it', () => {
    const [endOther, end] = [work.start('/'), work.start('/rss.xml')];
    run(80);
    expect(turn()).toEqual({ work: '/rss.xml', ms: 80, cpuMs: 80 });
    end();
    endOther();
  });

  test('the unit that ends after it', () => {
    const end = work.start('weather.forecast');
    const endOther = work.start('echo.body');
    expect(turn()).toBeUndefined();
    run(80);
    end();
    run(1);
    endOther();
    expect(turn()).toEqual({ work: 'weather.forecast', ms: 81, cpuMs: 81 });
  });

  test('the running unit that started last, in the middle of it', () => {
    const end = work.start('/posts');
    work.start('/docs')();
    expect(turn()).toBeUndefined();
    run(80);
    expect(turn()).toEqual({ work: '/posts', ms: 80, cpuMs: 80 });
    end();
  });

  test('no work that has ended before', () => {
    work.start('/posts')();
    run(80);
    expect(turn()).toMatchObject({ work: 'unknown' });
  });

  test('several units that followed each other', () => {
    for (let unit = 0; unit < 20; unit += 1) {
      const end = work.start('echo.body');
      run(10);
      end();
    }
    expect(turn()).toEqual({ work: 'several', ms: 200, cpuMs: 200 });
  });

  test('the work that ran between waits for a processor', () => {
    const end = work.start('/rss.xml');
    run(30);
    time += 500;
    run(30);
    end();
    expect(turn()).toEqual({ work: '/rss.xml', ms: 560, cpuMs: 60 });
  });

  test('no work if the thread hardly ran', () => {
    const end = work.start('/rss.xml');
    run(40);
    time += 300;
    end();
    expect(turn()).toEqual({ work: 'off-cpu', ms: 340, cpuMs: 40 });
  });
});

test('each block is reported once', () => {
  work.start('/a');
  run(80);
  expect(turn()).toBeDefined();
  expect(turn()).toBeUndefined();
});
