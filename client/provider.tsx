'use client';

import { type QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { createLinks } from './links.ts';
import { createQueryClient } from './query-client.ts';
import { trpc } from './trpc.ts';

let browserQueryClient: QueryClient | undefined;

/**
 * Returns the query client: on the server a new one for each request, in the browser one for the tab, which survives if
 * React discards the first render.
 */
function getQueryClient(): QueryClient {
  if (typeof window === 'undefined') return createQueryClient();
  browserQueryClient ??= createQueryClient();
  return browserQueryClient;
}

/** Provides the typed hooks to all components below it. */
export function ApiProvider({ children }: { children: ReactNode }) {
  const queryClient = getQueryClient();
  const [client] = useState(() => trpc.createClient({ links: createLinks({ url: '/api/trpc' }) }));
  return (
    <trpc.Provider client={client} queryClient={queryClient}>
      <QueryClientProvider client={queryClient}>{children}</QueryClientProvider>
    </trpc.Provider>
  );
}
