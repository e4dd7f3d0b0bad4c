/**
 * Upstream calls saved by coalescing and the cache: readings for places whose popularity follows a Zipf distribution,
 * like that of cities, starting with an empty cache.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { parseEnv } from '#server/config/env.ts';
import { isAppError } from '#server/errors.ts';
import { createLogger } from '#server/observability/log.ts';
import { createServices } from '#server/services.ts';
import { readings } from '#tests/fixtures/upstreams/readings.ts';
import { startUpstreams } from '#tests/support/upstreams/index.ts';
import { quantile } from './support/statistics.ts';
import { table } from './support/table.ts';

const places = 10_000;
const perSecond = 200;
const seconds = 40;
/** Response time of the upstreams in milliseconds. Without it no two callers would wait for the same response. */
const upstreamDelay = 150;

export type UpstreamSummary = {
  readings: number;
  distinctPlaces: number;
  /** Calls of an application that calls the upstream for every reading. */
  callsWithoutCache: number;
  calls: number;
  saved: number;
  /** Readings rejected because too many were waiting. */
  rejected: number;
  p50Milliseconds: number;
  p99Milliseconds: number;
};

export async function measureUpstreamCalls(): Promise<UpstreamSummary> {
  const upstreams = await startUpstreams();
  const watched = upstreams.readings;
  watched.fault({ kind: 'delay', ms: upstreamDelay });
  // The test upstreams record only the latest requests, so they are counted as they arrive.
  let calls = 0;
  const count = () => {
    calls += watched.requests.splice(0).length;
  };
  try {
    const services = createServices({
      env: parseEnv({ ...upstreams.env, NODE_ENV: 'production' }),
      log: createLogger({ level: 'silent' }),
    });
    const requested = new Set<number>();
    const times: number[] = [];
    const readingCount = perSecond * seconds;
    let rejected = 0;
    const pending: Promise<void>[] = [];
    const startedAt = performance.now();
    for (const place of zipf(readingCount)) {
      const dueIn = (pending.length / perSecond) * 1000 - (performance.now() - startedAt);
      if (dueIn > 0) await pause(dueIn);
      requested.add(place);
      const read = () =>
        services.upstreams.request(readings, readings.endpoints.hourly, {
          body: { ...positionOf(place), days: 7 },
        });
      pending.push(
        timed(read, times).catch((error: unknown) => {
          if (!isAppError(error) || error.reason !== 'upstream_overloaded') throw error;
          rejected += 1;
        }),
      );
      count();
    }
    await Promise.all(pending);
    count();
    const callsWithoutCache = readingCount;
    const summary = {
      readings: readingCount,
      distinctPlaces: requested.size,
      callsWithoutCache,
      calls,
      rejected,
      saved: 1 - calls / callsWithoutCache,
      p50Milliseconds: quantile(times, 0.5),
      p99Milliseconds: quantile(times, 0.99),
    };
    print(summary);
    return summary;
  } finally {
    await upstreams.close();
  }
}

async function timed(call: () => Promise<unknown>, times: number[]): Promise<void> {
  const startedAt = performance.now();
  await call();
  times.push(performance.now() - startedAt);
}

const positionOf = (place: number) => ({ lat: -50 + (place % 100), lng: -150 + Math.floor(place / 100) * 3 });

/** Yields places: rank n occurs 1/n times as often as rank 1. The sequence is always the same. */
function* zipf(count: number): Generator<number> {
  const cumulative: number[] = [];
  let sum = 0;
  for (let rank = 1; rank <= places; rank += 1) {
    sum += 1 / rank;
    cumulative.push(sum);
  }
  let state = 20_260_329;
  for (let index = 0; index < count; index += 1) {
    // A linear congruential generator (Numerical Recipes), so that the sequence is the same in every run.
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    const point = (state / 2 ** 32) * sum;
    yield Math.max(
      0,
      cumulative.findIndex((each) => each >= point),
    );
  }
}

function print(summary: UpstreamSummary): void {
  const rows = [
    [`readings, ${perSecond} per second for ${seconds} s`, summary.readings],
    [`distinct places, of ${places}`, summary.distinctPlaces],
    ['upstream calls without cache', summary.callsWithoutCache],
    ['upstream calls', summary.calls],
    ['saved', `${(100 * summary.saved).toFixed(1)} %`],
    ['rejected, too many waiting', summary.rejected],
    ['p50 ms', summary.p50Milliseconds],
    [`p99 ms (an upstream responds in ${upstreamDelay} ms)`, summary.p99Milliseconds],
  ];
  console.log(`\nupstream calls\n${table(['', ''], rows)}`);
}
