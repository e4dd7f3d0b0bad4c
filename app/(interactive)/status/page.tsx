import type { Metadata } from 'next';
import { connection } from 'next/server';
import { AutoRefresh } from '#app/_components/auto-refresh.tsx';
import { api, HydrateClient } from '#app/_lib/api.ts';
import { pageCaller } from '#app/_lib/caller.ts';
import { pageMetadata } from '#app/_lib/page-metadata.ts';
import { readiness } from '#server/readiness.ts';
import { services } from '#server/services.ts';
import { statusRefusalOf } from '#server/trpc/status-access.ts';
import { ClosedStatus } from './closed-status.tsx';
import { InstanceStatus, readinessTexts } from './instance-status.tsx';
import { UpstreamCharts } from './upstream-charts.tsx';
import { StatusSummary, UpstreamStatus } from './upstream-status.tsx';
import './status.css';

export async function generateMetadata(): Promise<Metadata> {
  const metadata = await pageMetadata({
    path: '/status',
    title: 'Status',
    description: 'The state of this instance, its outbox and the backends that it calls.',
  });
  return services().env.STATUS_ROLES.length > 0 ? { ...metadata, robots: { index: false } } : metadata;
}

export const instant = false;

/** Seconds between two checks while the page is open. */
const interval = 10;

export default async function StatusPage() {
  await connection();
  const refusal = statusRefusalOf(await pageCaller(), services());
  return (
    <div className="space-y-10">
      <h1>Status</h1>
      {refusal ? <ClosedStatus refusal={refusal} /> : <OpenStatus />}
    </div>
  );
}

async function OpenStatus() {
  const [instance, histories] = await Promise.all([
    readiness(),
    services().upstreamHistories(),
    api.proxy.status.prefetch(),
  ]);
  const charts = Object.fromEntries(
    [...histories].map(([name, history]) => [name, <UpstreamCharts key={name} history={history} />]),
  );
  return (
    <HydrateClient>
      <AutoRefresh seconds={interval} />
      <div className="space-y-4">
        <StatusSummary problem={instance.status === 'ready' ? undefined : readinessTexts[instance.status]} />
        <LastCheck at={new Date()} />
      </div>
      <InstanceStatus {...instance} />
      <section aria-labelledby="upstreams" className="space-y-4">
        <h2 id="upstreams">Upstreams</h2>
        <p className="max-w-prose text-muted">
          The backends that this instance calls. The charts show each minute of the last hour, the numbers
          count since the start. All workers of this instance are added up, in memory: a restart begins anew.
        </p>
        <UpstreamStatus charts={charts} />
      </section>
    </HydrateClient>
  );
}

function LastCheck({ at }: { at: Date }) {
  return (
    <p className="text-muted">
      Last check at{' '}
      <time className="tabular-nums" dateTime={at.toISOString()}>
        {at.toISOString().slice(11, 19)} UTC
      </time>
      , repeated every {interval} seconds while this page is open.
      <noscript>
        {' '}
        Without JavaScript: <a href="/status">check again</a>
      </noscript>
    </p>
  );
}
