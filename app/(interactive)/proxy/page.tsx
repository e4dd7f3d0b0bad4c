import { connection } from 'next/server';
import { api, HydrateClient } from '#app/_lib/api.ts';
import { pageMetadata } from '#app/_lib/page-metadata.ts';
import { ProxyExplorer } from './proxy-explorer.tsx';

export const generateMetadata = () =>
  pageMetadata({
    path: '/proxy',
    title: 'Proxy explorer',
    description: 'Every endpoint of other backends that the proxy forwards to.',
  });

export const instant = false;

export default async function ProxyPage() {
  await connection();
  await api.proxy.endpoints.prefetch();
  return (
    <HydrateClient>
      <div className="space-y-8">
        <h1>Proxy explorer</h1>
        <p className="max-w-prose text-muted">
          Other backends, called through typed procedures. The list is closed: callers cannot choose a host, a
          raw path or a header.
        </p>
        <ProxyExplorer />
      </div>
    </HydrateClient>
  );
}
