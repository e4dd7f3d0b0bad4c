import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { limits } from '#server/config/limits.ts';
import {
  type Block,
  createBlockDetector,
  type EventLoopDelays,
  watchEventLoop,
} from '#server/observability/event-loop.ts';
import { createLogger } from '#server/observability/log.ts';
import { createWorkRecord, type WorkRecord, workRecord } from '#server/observability/work.ts';

const { checkInterval, blockedAfter } = limits.eventLoop;

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
  run(blockedAfter - 1);
  end();
  expect(turn()).toBeUndefined();
});

test('work of exactly the limit is', () => {
  const end = work.start('/rss.xml');
  run(blockedAfter);
  end();
  expect(turn()).toEqual({ work: '/rss.xml', ms: blockedAfter, cpuMs: blockedAfter });
});

test('the work before the detector was created is not reported', () => {
  const early = createWorkRecord(() => time);
  early.start('/early');
  run(500);
  const later = createBlockDetector({ now: () => time, processorTime: () => processorTime, record: early });
  time += checkInterval;
  expect(later()).toBeUndefined();
  run(80);
  time += checkInterval;
  expect(later()).toMatchObject({ ms: 80 });
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
    const end = work.start('fixture.reading');
    const endOther = work.start('fixture.body');
    expect(turn()).toBeUndefined();
    run(80);
    end();
    run(1);
    endOther();
    expect(turn()).toEqual({ work: 'fixture.reading', ms: 81, cpuMs: 81 });
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
      const end = work.start('fixture.body');
      run(10);
      end();
    }
    expect(turn()).toEqual({ work: 'several', ms: 200, cpuMs: 200 });
  });

  test.each([
    { other: 40, work: '/rss.xml' },
    { other: 41, work: 'several' },
  ])('$work if it took 40 ms and another $other ms', ({ other, work: expected }) => {
    // The longer one, if it took at least half of the time.
    const units = other > 40 ? ['other', '/rss.xml', 'third'] : ['/rss.xml', 'other'];
    for (const name of units) {
      const end = work.start(name);
      run(name === '/rss.xml' ? 40 : other / (units.length - 1));
      end();
    }
    expect(turn()).toEqual({ work: expected, ms: 40 + other, cpuMs: 40 + other });
  });

  test('the work that ran between waits for a processor', () => {
    const end = work.start('/rss.xml');
    run(30);
    time += 500;
    run(30);
    end();
    expect(turn()).toEqual({ work: '/rss.xml', ms: 560, cpuMs: 60 });
  });

  test.each([
    { cpu: blockedAfter - 1, expected: 'off-cpu' },
    { cpu: blockedAfter, expected: '/rss.xml' },
  ])('$expected if the thread ran for $cpu ms', ({ cpu, expected }) => {
    const end = work.start('/rss.xml');
    run(cpu);
    time += 300;
    end();
    expect(turn()).toMatchObject({ work: expected, ms: cpu + 300, cpuMs: cpu });
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

describe('the watch on the event loop', () => {
  let watched: number;
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  /** Watches the event loop by a clock that stands still, and returns what is logged and counted. */
  function watch() {
    watched = 1_000;
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    vi.spyOn(performance, 'now').mockImplementation(() => watched);
    const lines: unknown[] = [];
    const metrics = { eventLoopBlocked: vi.fn(), observeEventLoopDelays: vi.fn() };
    const log = createLogger({
      level: 'info',
      destination: { write: (line) => lines.push(JSON.parse(line)) },
    });
    watchEventLoop({ log, metrics });
    return { lines, metrics };
  }

  /** The timer that is due runs this much later. */
  function delayTimer(milliseconds: number): void {
    watched += checkInterval + milliseconds;
    vi.advanceTimersByTime(checkInterval);
  }

  function compute(milliseconds: number): void {
    const start = process.cpuUsage();
    while (process.cpuUsage(start).user < milliseconds * 1_000);
  }

  test('logs and counts what blocks it', () => {
    const { lines, metrics } = watch();
    const end = workRecord.start('/rss.xml');
    compute(3 * blockedAfter);
    delayTimer(200);
    end();
    expect(lines).toMatchObject([{ level: 'warn', msg: 'event loop blocked', work: '/rss.xml', ms: 200 }]);
    expect(metrics.eventLoopBlocked.mock.calls).toEqual([[{ work: '/rss.xml', seconds: 0.2 }]]);
  });

  test('counts waits for a processor, but does not log them', () => {
    const { lines, metrics } = watch();
    delayTimer(200);
    expect(lines).toEqual([]);
    expect(metrics.eventLoopBlocked.mock.calls).toEqual([[{ work: 'off-cpu', seconds: 0.2 }]]);
  });

  test('measures delays by quantile, which are never negative', () => {
    const { metrics } = watch();
    const read: () => EventLoopDelays = metrics.observeEventLoopDelays.mock.calls[0]?.[0];
    const delays = read();
    expect(Object.keys(delays)).toEqual(['1', '0.5', '0.99']);
    for (const seconds of Object.values(delays)) expect(seconds).toBeGreaterThanOrEqual(0);
  });
});
