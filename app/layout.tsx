import type { Metadata, Viewport } from 'next';
import { type ReactNode, Suspense } from 'react';
import { productTagline, productTitle } from '#server/config/product-name.ts';
import { AccountMenu } from './_components/account-menu.tsx';
import { LinkPending } from './_components/link-pending.tsx';
import { PageLink } from './_components/page-link.tsx';
import { PageSkeleton } from './_components/page-skeleton.tsx';
import { fontVariables } from './fonts.ts';
import './globals.css';
import { menuPages } from '#server/site/pages.ts';

export const metadata: Metadata = {
  title: { default: `${productTitle}: ${productTagline}`, template: `%s · ${productTitle}` },
  description:
    'One Next.js application whose tRPC router serves components, scripts and services with the same types.',
  applicationName: productTitle,
  manifest: '/manifest.webmanifest',
};

export const viewport: Viewport = {
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#fbfbf9' },
    { media: '(prefers-color-scheme: dark)', color: '#111418' },
  ],
};

/** Has a capital letter, which the ids of a post's headings never have. */
const mainId = 'mainContent';
const endId = 'end';

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en" className={fontVariables}>
      <head>
        <link rel="alternate" type="application/rss+xml" title={`${productTitle} (RSS)`} href="/rss.xml" />
        <link rel="alternate" type="application/atom+xml" title={`${productTitle} (Atom)`} href="/atom.xml" />
        <link
          rel="alternate"
          type="application/feed+json"
          title={`${productTitle} (JSON Feed)`}
          href="/feed.json"
        />
        {/* The first paint waits for the last element. A browser that paints half a row moves it when the rest arrives. */}
        <link rel="expect" href={`#${endId}`} blocking="render" />
      </head>
      <body className="flex min-h-dvh flex-col">
        <a
          className="sr-only focus:not-sr-only focus:absolute focus:top-2 focus:left-2 focus:z-10 focus:rounded-lg focus:bg-surface focus:p-3"
          href={`#${mainId}`}
        >
          Skip to content
        </a>
        <header className="border-line border-b">
          <nav
            aria-label="Main"
            className="relative mx-auto flex max-w-5xl flex-wrap items-center gap-x-5 gap-y-1 px-4 py-3"
          >
            {/* On a small screen, the account menu is beside it. */}
            <PageLink
              className="basis-full py-2 pr-28 font-semibold md:mr-auto md:basis-auto md:pr-0"
              href="/"
            >
              {productTitle}
              <LinkPending />
            </PageLink>
            {menuPages.map(({ path, name }) => (
              <PageLink key={path} className="py-2 text-muted hover:text-ink" href={path}>
                {name}
                <LinkPending />
              </PageLink>
            ))}
            {/* Always of the same size, so that nothing moves when the menu arrives. */}
            <div className="absolute top-3 right-4 h-10 w-24 text-right md:static">
              <Suspense>
                <AccountMenu />
              </Suspense>
            </div>
          </nav>
        </header>
        <main id={mainId} className="mx-auto w-full max-w-5xl grow px-4 py-10">
          <PageSkeleton />
          <div className="page">{children}</div>
        </main>
        <footer className="border-line border-t">
          <p className="mx-auto flex max-w-5xl flex-wrap gap-x-5 gap-y-2 px-4 py-6 text-muted text-sm">
            <PageLink href="/feeds">Feeds</PageLink>
            <a href="/rss.xml">RSS</a>
            <a href="/llms.txt">llms.txt</a>
          </p>
        </footer>
        <span id={endId} hidden />
      </body>
    </html>
  );
}
