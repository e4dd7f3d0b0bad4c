'use client';

import type { inferRouterOutputs } from '@trpc/server';
import type { ReactNode } from 'react';
import { Failure } from '#app/_components/failure.tsx';
import { formatBytes } from '#app/_lib/format-bytes.ts';
import { toFailure } from '#app/_lib/to-failure.ts';
import { trpc } from '#client/trpc.ts';
import type { AppRouter } from '#server/trpc/router.ts';
import { summaryOf } from './status-summary.ts';

type Upstream = inferRouterOutputs<AppRouter>['proxy']['status'][number];

/** The charts of upstreams by their name. */
type Charts = Readonly<Record<string, ReactNode>>;

const health = {
  closed: { mark: '●', text: 'Working normally', tone: 'badge-success' },
  half_open: { mark: '◐', text: 'Recovering: a test call decides', tone: 'badge-warn' },
  open: { mark: '○', text: 'Failing: calls are paused', tone: 'badge-error' },
} as const;

const notices = { success: 'notice notice-success', warn: 'notice', error: 'notice notice-error' };

/**
 * The state of the backends in words, as it changes.
 *
 * @param props.problem what is wrong with the instance itself
 */
export function StatusSummary({ problem }: { problem: string | undefined }) {
  const { data } = trpc.proxy.status.useQuery();
  if (!data) return null;
  const { text, tone } = summaryOf(data, problem);
  return (
    <p role="status" className={`font-medium ${notices[tone]}`}>
      {text}
    </p>
  );
}

/**
 * The circuit breaker, load, latency and cache of every upstream, as they change.
 *
 * @param props.charts the last hour of each upstream by its name, drawn by the server
 */
export function UpstreamStatus({ charts }: { charts: Charts }) {
  const utils = trpc.useUtils();
  trpc.proxy.watch.useSubscription(undefined, {
    async onData({ data }) {
      // A response that is on its way would be older.
      await utils.proxy.status.cancel();
      utils.proxy.status.setData(undefined, data);
    },
  });
  const status = trpc.proxy.status.useQuery();
  return (
    <>
      {status.error && <Failure {...toFailure(status.error)} />}
      {status.data ? (
        <UpstreamLists upstreams={status.data} charts={charts} />
      ) : (
        !status.error && <p role="status">Loading the upstreams…</p>
      )}
    </>
  );
}

/** Returns whether there is more to show of an upstream than its title. */
function hasActivity({ configured, breaker, calls, cache, running, waiting, streams }: Upstream): boolean {
  const uses = calls + cache.hit + cache.stale + cache.miss + running + waiting + streams;
  return configured && (uses > 0 || breaker !== 'closed');
}

/** The upstreams that were called as cards, and the others as lines. */
function UpstreamLists({ upstreams, charts }: { upstreams: Upstream[]; charts: Charts }) {
  const active = upstreams.filter(hasActivity);
  const others = upstreams.filter((upstream) => !hasActivity(upstream));
  return (
    <>
      {active.length > 0 && (
        <ul className="grid gap-4 lg:grid-cols-2">
          {active.map((upstream) => (
            <li key={upstream.name} className="card space-y-4">
              <UpstreamCard upstream={upstream} chart={charts[upstream.name]} />
            </li>
          ))}
        </ul>
      )}
      {others.length > 0 && (
        <ul className="divide-y divide-line border-line border-y">
          {others.map(({ name, title, configured }) => (
            <li key={name} className="flex flex-wrap items-baseline justify-between gap-x-4 py-2.5">
              <h3>{title}</h3>
              <p className="text-muted">{configured ? 'No calls yet' : 'Not configured'}</p>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function UpstreamCard({ upstream, chart }: { upstream: Upstream; chart: ReactNode }) {
  const { title, breaker, running, waiting, streams, calls, failures, retries, latency, cache } = upstream;
  const { mark, text, tone } = health[breaker];
  const fromCache = cache.hit + cache.stale;
  const lookups = fromCache + cache.miss;
  return (
    <>
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <h3>{title}</h3>
        <p className={`badge gap-1.5 ${tone}`}>
          <span aria-hidden="true">{mark}</span> {text}
        </p>
      </div>
      {chart}
      <dl className="facts">
        <Fact term="Calls">
          {calls}
          {retries > 0 && `, ${retries} retries`}
        </Fact>
        <Fact term="Failed">{failures}</Fact>
        <Fact term="In flight">
          {running}
          {waiting > 0 && `, ${waiting} waiting`}
          {streams > 0 && `, ${streams} streams`}
        </Fact>
        <Fact term="Latency">
          {latency ? `${latency.median}\u00a0ms median, ${latency.p95}\u00a0ms p95` : 'No calls yet'}
        </Fact>
        <Fact term="From the cache">
          {lookups > 0 ? `${Math.round((100 * fromCache) / lookups)} % of ${lookups}` : 'No lookups yet'}
        </Fact>
        <Fact term="Received, sent">
          {formatBytes(upstream.bytesReceived)}, {formatBytes(upstream.bytesSent)}
        </Fact>
        {upstream.lastFailure && (
          <Fact term="Last failure">
            <code>{upstream.lastFailure.fault}</code>,{' '}
            <time dateTime={upstream.lastFailure.at.toISOString()}>
              {upstream.lastFailure.at.toISOString().slice(11, 19)} UTC
            </time>
          </Fact>
        )}
      </dl>
    </>
  );
}

function Fact({ term, children }: { term: string; children: ReactNode }) {
  return (
    <div>
      <dt className="text-muted text-sm">{term}</dt>
      <dd className="tabular-nums">{children}</dd>
    </div>
  );
}
