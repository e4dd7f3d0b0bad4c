'use client';

import { type QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { createLinks } from './links.ts';
import { createQueryClient } from './query-client.ts';
import { trpc } from './trpc.ts';

let browserQueryClient: QueryClient | undefined;

/** In the browser one for the tab, also when React throws away a first render; on the server one a request. */
function queryClientOf(): QueryClient {
  if (typeof window === 'undefined') return createQueryClient();
  browserQueryClient ??= createQueryClient();
  return browserQueryClient;
}

/** Gives everything below it the typed hooks. */
export function ApiProvider({ children }: { children: ReactNode }) {
  const queryClient = queryClientOf();
  const [client] = useState(() => trpc.createClient({ links: createLinks({ url: '/api/trpc' }) }));
  return (
    <trpc.Provider client={client} queryClient={queryClient}>
      <QueryClientProvider client={queryClient}>{children}</QueryClientProvider>
    </trpc.Provider>
  );
}
