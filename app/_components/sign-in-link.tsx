'use client';

import { usePathname } from 'next/navigation';
import type { ReactNode } from 'react';
import { signInUrl } from '#app/_lib/sign-in-url.ts';

/** A link that begins a sign-in and returns to this page. Not one of Next's: those load ahead. */
export function SignInLink({ className, children }: { className?: string; children: ReactNode }) {
  const path = usePathname();
  return (
    <a className={className} href={signInUrl(path === '/sign-in' ? '/account' : path)} rel="nofollow">
      {children}
    </a>
  );
}
