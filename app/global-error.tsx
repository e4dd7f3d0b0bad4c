'use client';

import { fontVariables } from './fonts.ts';
import './globals.css';

/** What is shown when even the frame of the pages fails; it brings its own. */
export default function GlobalError({ error }: { error: Error & { digest?: string } }) {
  return (
    <html lang="en" className={fontVariables}>
      <body className="flex min-h-dvh flex-col items-center justify-center p-6">
        <main className="max-w-md space-y-4">
          <h1>This site could not be shown</h1>
          <p>Something went wrong on our side. Please try again in a moment.</p>
          {error.digest && (
            <p className="text-muted text-sm">
              Please quote <code>{error.digest}</code> when you report it.
            </p>
          )}
          {/* A fresh load: nothing of what failed is kept. */}
          <a className="button" href="/">
            Go to the start page
          </a>
        </main>
      </body>
    </html>
  );
}
