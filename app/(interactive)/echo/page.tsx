import { connection } from 'next/server';
import { api, HydrateClient } from '#app/_lib/api.ts';
import { pageMetadata } from '#app/_lib/page-metadata.ts';
import { EchoConsole } from './echo-console.tsx';

export const generateMetadata = () =>
  pageMetadata({
    path: '/echo',
    title: 'Echo console',
    description: 'Send a value to the server and see what comes back.',
  });

/** Shows the current request as the server sees it. */
export const instant = false;

export default async function EchoPage() {
  await connection();
  await api.echo.request.prefetch();
  return (
    <HydrateClient>
      <div className="space-y-8">
        <h1>Echo console</h1>
        <EchoConsole />
      </div>
    </HydrateClient>
  );
}
