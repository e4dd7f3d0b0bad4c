import { connection } from 'next/server';
import { AutoRefresh } from '#app/_components/auto-refresh.tsx';
import { api, HydrateClient } from '#app/_lib/api.ts';
import { pageMetadata } from '#app/_lib/page-metadata.ts';
import { InstanceStatus } from './instance-status.tsx';
import { UpstreamStatus } from './upstream-status.tsx';

export const generateMetadata = () =>
  pageMetadata({
    path: '/status',
    title: 'Status',
    description: 'The state of this instance, its outbox and the backends that it calls.',
  });

export const instant = false;

export default async function StatusPage() {
  await connection();
  await api.proxy.status.prefetch();
  return (
    <HydrateClient>
      <div className="space-y-8">
        <h1>Status</h1>
        <AutoRefresh seconds={10} />
        <InstanceStatus />
        <section aria-labelledby="upstreams" className="space-y-4">
          <h2 id="upstreams">Upstreams</h2>
          <p className="max-w-prose text-muted">
            The backends that this instance calls, with statistics since its start.
          </p>
          <UpstreamStatus />
        </section>
      </div>
    </HydrateClient>
  );
}
