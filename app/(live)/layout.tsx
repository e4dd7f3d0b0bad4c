import type { ReactNode } from 'react';
import { ApiProvider } from '#client/provider.tsx';

/** Pages with typed hooks. The others do without the hooks' JavaScript. */
export default function LiveLayout({ children }: { children: ReactNode }) {
  return <ApiProvider>{children}</ApiProvider>;
}
