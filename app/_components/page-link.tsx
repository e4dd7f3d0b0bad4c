'use client';

import type { Route } from 'next';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import type { ReactNode } from 'react';

type PageLinkProps<R extends string> = {
  href: Route<R>;
  className?: string;
  'aria-current'?: 'page' | 'true' | undefined;
  children: ReactNode;
};

/**
 * An internal link that prefetches its page on hover, touch or focus. Next's own link prefetches every link in view,
 * with two requests each.
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
