'use client';

import { fontVariables } from './fonts.ts';
import './globals.css';

/** The error page for a failure of the root layout. It replaces the layout, so it renders its own `<html>`. */
export default function GlobalError({ error }: { error: Error & { digest?: string } }) {
  return (
    <html lang="en" className={fontVariables}>
      <body className="flex min-h-dvh flex-col items-center justify-center p-6">
        <main className="max-w-md space-y-4">
          <h1>This site failed to load</h1>
          <p>Something went wrong on our side. Please try again in a moment.</p>
          {error.digest && (
            <p className="text-muted text-sm">
              Please quote <code>{error.digest}</code> when you report it.
            </p>
          )}
          {/* A full page load discards all client state of the failed page. */}
          <a className="button" href="/">
            Go to the start page
          </a>
        </main>
      </body>
    </html>
  );
}
