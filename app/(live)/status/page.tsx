import { connection } from 'next/server';
import { pageMetadata } from '#app/_components/page-metadata.ts';
import { api, HydrateClient } from '#app/api.ts';
import { UpstreamStatus } from './upstream-status.tsx';

export const generateMetadata = () =>
  pageMetadata({
    path: '/status',
    title: 'Status',
    description: 'How the backends that this one calls are doing.',
  });

export const instant = false;

export default async function StatusPage() {
  await connection();
  await api.proxy.status.prefetch();
  return (
    <HydrateClient>
      <div className="space-y-8">
        <h1>Status</h1>
        <section aria-labelledby="upstreams" className="space-y-4">
          <h2 id="upstreams">Upstreams</h2>
          <p className="max-w-prose text-muted">
            The backends that this instance calls, as it has seen them since it was started.
          </p>
          <UpstreamStatus />
        </section>
      </div>
    </HydrateClient>
  );
}
