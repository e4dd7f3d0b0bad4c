import { monitorEventLoopDelay } from 'node:perf_hooks';
import { limits } from '../config/limits.ts';
import type { Logger } from './log.ts';
import { type WorkRecord, workRecord } from './work.ts';

/** A time in which the event loop ran nothing else. */
export type Block = {
  /**
   * The work that caused it: the pattern of a route, a procedure, or a job. `several` units that followed each other,
   * `unknown`, or `off-cpu`: the thread mostly waited, for a processor or for the disk.
   */
  work: string;
  /** Milliseconds, at least: the timer that measures them may have been due during the block. */
  ms: number;
  /** Processor time of the thread in milliseconds. */
  cpuMs: number;
};

/** Delays of timers in seconds, by quantile. */
export type EventLoopDelays = Record<'0.5' | '0.99' | '1', number>;

type EventLoopMetrics = {
  eventLoopBlocked(block: { work: string; seconds: number }): void;
  observeEventLoopDelays(read: () => EventLoopDelays): void;
};

/**
 * Measures the delay of the event loop, and logs and counts what blocks it. Call it once in a process, when the start
 * is complete: loading the build blocks the event loop for a second.
 */
export function watchEventLoop({ log, metrics }: { log: Logger; metrics: EventLoopMetrics }): void {
  const detect = createBlockDetector({ now: () => performance.now(), processorTime, record: workRecord });
  const check = () => {
    const block = detect();
    if (!block) return;
    // On a machine with too few processors it happens all the time.
    if (block.work !== 'off-cpu') log.warn(block, 'event loop blocked');
    metrics.eventLoopBlocked({ work: block.work, seconds: block.ms / 1000 });
  };
  setInterval(check, limits.eventLoop.checkInterval).unref();
  metrics.observeEventLoopDelays(measureDelays());
}

/**
 * Creates a function that is called at `limits.eventLoop.checkInterval` by a timer and finds blocks by its delay.
 *
 * @param options.processorTime returns the processor time of this thread so far, in milliseconds
 */
export function createBlockDetector(options: {
  now: () => number;
  processorTime: () => number;
  record: Pick<WorkRecord, 'takeLongest'>;
}): () => Block | undefined {
  const { now, processorTime, record } = options;
  const { checkInterval, blockedAfter } = limits.eventLoop;
  let last = { time: now(), cpu: processorTime() };
  // Forgets the time before.
  record.takeLongest();

  return () => {
    const current = { time: now(), cpu: processorTime() };
    const ms = Math.round(current.time - last.time - checkInterval);
    const cpuMs = Math.round(current.cpu - last.cpu);
    last = current;
    const { work, milliseconds } = record.takeLongest();
    if (ms < blockedAfter) return undefined;
    if (cpuMs < blockedAfter) return { work: 'off-cpu', ms, cpuMs };
    return { work: milliseconds < ms / 2 ? 'several' : work, ms, cpuMs };
  };
}

/** Returns the processor time of this thread in milliseconds; of all threads of the process before Node 23.9. */
function processorTime(): number {
  const { user, system } = process.threadCpuUsage?.() ?? process.cpuUsage();
  return (user + system) / 1000;
}

/**
 * Returns a function that reads the delays of the last one to two `limits.eventLoop.delayWindow`, so that a peak is
 * visible to every scraper.
 */
function measureDelays(): () => EventLoopDelays {
  const { delayResolution: resolution, delayWindow } = limits.eventLoop;
  const histogram = monitorEventLoopDelay({ resolution });
  histogram.enable();
  // The histogram records the time between two timers, which is their interval without any delay.
  const secondsOf = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - resolution / 1000);
  const current = (): EventLoopDelays => ({
    '0.5': secondsOf(histogram.percentile(50)),
    '0.99': secondsOf(histogram.percentile(99)),
    '1': secondsOf(histogram.max),
  });
  let previous: EventLoopDelays = { '0.5': 0, '0.99': 0, '1': 0 };
  setInterval(() => {
    previous = current();
    histogram.reset();
  }, delayWindow).unref();
  return () => {
    const latest = current();
    return {
      '0.5': Math.max(previous['0.5'], latest['0.5']),
      '0.99': Math.max(previous['0.99'], latest['0.99']),
      '1': Math.max(previous['1'], latest['1']),
    };
  };
}
