import type { ReactNode } from 'react';
import { ApiProvider } from '#client/provider.tsx';

/** The layout of pages that use the typed hooks. All other pages load without the hooks' JavaScript. */
export default function InteractiveLayout({ children }: { children: ReactNode }) {
  return <ApiProvider>{children}</ApiProvider>;
}
