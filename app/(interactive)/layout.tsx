import type { ReactNode } from 'react';
import { ApiProvider } from '#client/provider.tsx';
import { cookieNameOf } from '#server/http/cookie.ts';
import { signedInCookie } from '#server/http/session-cookie.ts';
import { services } from '#server/services.ts';
import { SessionOfQueries } from './session-of-queries.tsx';

/** The layout of pages that use the typed hooks. All other pages load without the hooks' JavaScript. */
export default function InteractiveLayout({ children }: { children: ReactNode }) {
  const { identity, env } = services();
  return (
    <ApiProvider>
      <SessionOfQueries marker={identity ? cookieNameOf(signedInCookie, env.SITE_URL) : null} />
      {children}
    </ApiProvider>
  );
}
