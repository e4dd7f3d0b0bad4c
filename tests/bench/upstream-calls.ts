/**
 * What coalescing and the cache save the upstreams: weather for places that are asked for as unevenly as cities are
 * (Zipf), from an empty cache on. Each forecast is two upstream calls, weather and air quality.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { parseEnv } from '#server/config/env.ts';
import { isAppError } from '#server/errors.ts';
import { createLogger } from '#server/observability/log.ts';
import { createServices } from '#server/services.ts';
import { startUpstreams } from '#tests/support/upstreams/index.ts';
import { quantile } from './support/statistics.ts';
import { table } from './support/table.ts';

const places = 10_000;
const perSecond = 200;
const seconds = 40;
/** Milliseconds that the upstreams take; without it no two callers would ever wait for the same answer. */
const upstreamDelay = 150;

export type UpstreamSummary = {
  forecasts: number;
  distinctPlaces: number;
  /** Calls of an application that asks both upstreams each time. */
  callsWithoutCache: number;
  calls: number;
  saved: number;
  /** Forecasts that were not given, because too many waited already. */
  refused: number;
  p50Milliseconds: number;
  p99Milliseconds: number;
};

export async function measureUpstreamCalls(): Promise<UpstreamSummary> {
  const upstreams = await startUpstreams();
  const watched = [upstreams.openMeteo, upstreams.airQuality];
  for (const each of watched) each.fault({ kind: 'delay', ms: upstreamDelay });
  // The stand-ins remember the last ones alone: they are counted as they come.
  let calls = 0;
  const count = () => {
    for (const { requests } of watched) calls += requests.splice(0).length;
  };
  try {
    const { weather } = createServices({
      env: parseEnv({ ...upstreams.env, NODE_ENV: 'production' }),
      log: createLogger({ level: 'silent' }),
    });
    const asked = new Set<number>();
    const times: number[] = [];
    const forecasts = perSecond * seconds;
    let refused = 0;
    const underway: Promise<void>[] = [];
    const startedAt = performance.now();
    for (const place of zipf(forecasts)) {
      const dueIn = (underway.length / perSecond) * 1000 - (performance.now() - startedAt);
      if (dueIn > 0) await pause(dueIn);
      asked.add(place);
      const forecast = () => weather.forecast({ ...positionOf(place), days: 7, units: 'metric' });
      underway.push(
        timed(forecast, times).catch((error: unknown) => {
          if (!isAppError(error) || error.reason !== 'upstream_overloaded') throw error;
          refused += 1;
        }),
      );
      count();
    }
    await Promise.all(underway);
    count();
    const callsWithoutCache = 2 * forecasts;
    const summary = {
      forecasts,
      distinctPlaces: asked.size,
      callsWithoutCache,
      calls,
      refused,
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

/** The place of rank n comes 1/n times as often as the first; always the same row of places. */
function* zipf(count: number): Generator<number> {
  const cumulative: number[] = [];
  let sum = 0;
  for (let rank = 1; rank <= places; rank += 1) {
    sum += 1 / rank;
    cumulative.push(sum);
  }
  let state = 20_260_329;
  for (let index = 0; index < count; index += 1) {
    // A linear congruential generator (Numerical Recipes): the trace is the same in every run.
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
    [`forecasts, ${perSecond} a second for ${seconds} s`, summary.forecasts],
    [`places asked for, of ${places}`, summary.distinctPlaces],
    ['upstream calls without cache', summary.callsWithoutCache],
    ['upstream calls', summary.calls],
    ['saved', `${(100 * summary.saved).toFixed(1)} %`],
    ['refused, since too many waited', summary.refused],
    ['p50 ms', summary.p50Milliseconds],
    [`p99 ms (the upstream takes ${upstreamDelay})`, summary.p99Milliseconds],
  ];
  console.log(`\nupstream calls\n${table(['', ''], rows)}`);
}
