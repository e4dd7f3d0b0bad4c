'use client';

import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { httpBatchStreamLink } from '@trpc/client';
import { createTRPCReact } from '@trpc/react-query';
import { useState } from 'react';
import superjson from 'superjson';
import type { AppRouter } from '../../server/root.ts';

const api = createTRPCReact<AppRouter>();

/** The template's pattern: a page rendered without data, whose hook fetches the data once the JavaScript has loaded. */
export default function Page() {
  const [queryClient] = useState(
    () => new QueryClient({ defaultOptions: { queries: { staleTime: 30_000 } } }),
  );
  const [client] = useState(() =>
    api.createClient({
      links: [httpBatchStreamLink({ url: '/api/trpc', transformer: superjson })],
    }),
  );
  return (
    <api.Provider client={client} queryClient={queryClient}>
      <QueryClientProvider client={queryClient}>
        <Temperature />
      </QueryClientProvider>
    </api.Provider>
  );
}

function Temperature() {
  const { data } = api.weather.temperature.useQuery({ lat: 52.52, lng: 13.41 });
  return (
    <main>
      <h1>Berlin</h1>
      {data ? <h2>{`${data.now} °C`}</h2> : <p>Loading…</p>}
    </main>
  );
}
