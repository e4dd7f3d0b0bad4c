'use client';

import type { Route } from 'next';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import type { ReactNode } from 'react';

type PageLinkProps<R extends string> = { href: Route<R>; className?: string; children: ReactNode };

/**
 * A link to a page of ours that is prefetched when somebody is about to follow it: the pointer is over it, a finger
 * or the focus on it. Next's own prefetches whatever is in view: two requests for each link of the navigation alone.
 */
export function PageLink<R extends string>({ href, ...rest }: PageLinkProps<R>) {
  const { prefetch } = useRouter();
  const prefetchPage = () => prefetch(href);
  return (
    <Link
      {...rest}
      href={href}
      prefetch={false}
      onMouseEnter={prefetchPage}
      onTouchStart={prefetchPage}
      onFocus={prefetchPage}
    />
  );
}
