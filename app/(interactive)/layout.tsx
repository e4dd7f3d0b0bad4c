import type { ReactNode } from 'react';
import { ApiProvider } from '#client/provider.tsx';
import { SessionOfQueries } from './session-of-queries.tsx';

/** The layout of pages that use the typed hooks. All other pages load without the hooks' JavaScript. */
export default function InteractiveLayout({ children }: { children: ReactNode }) {
  return (
    <ApiProvider>
      <SessionOfQueries />
      {children}
    </ApiProvider>
  );
}
