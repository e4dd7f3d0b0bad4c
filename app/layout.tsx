import type { Metadata, Viewport } from 'next';
import type { ReactNode } from 'react';
import { productTagline, productTitle } from '#server/config/product-name.ts';
import { themeScript } from '#server/site/theme.ts';
import { PageSkeleton } from './_components/page-skeleton.tsx';
import { SiteFooter } from './_components/site-footer.tsx';
import { SiteHeader } from './_components/site-header.tsx';
import { fontVariables } from './fonts.ts';
import './globals.css';

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
    // The script of the theme adds attributes before React sees the element.
    <html lang="en" className={fontVariables} suppressHydrationWarning>
      <head>
        <script>{themeScript}</script>
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
          className="sr-only focus:not-sr-only focus:absolute focus:top-2 focus:start-2 focus:z-10 focus:rounded-lg focus:bg-surface focus:p-3"
          href={`#${mainId}`}
        >
          Skip to content
        </a>
        <SiteHeader />
        <main id={mainId} className="mx-auto w-full max-w-6xl grow px-4 py-10">
          <PageSkeleton />
          <div className="page">{children}</div>
        </main>
        <SiteFooter />
        <span id={endId} hidden />
      </body>
    </html>
  );
}
