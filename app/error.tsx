'use client';

import { Failure } from './_components/failure.tsx';

/**
 * What is shown when a page itself fails. The cause is in the server's log alone, under the digest; what failed in
 * the browser has none.
 */
export default function PageError({
  error,
  retry,
}: {
  error: Error & { digest?: string };
  retry: () => void;
}) {
  return (
    <div className="space-y-4">
      <h1>This page could not be shown</h1>
      <Failure message="Something went wrong on our side.">
        {error.digest && (
          <p className="text-sm">
            Please quote <code>{error.digest}</code> when you report it.
          </p>
        )}
        <div className="flex flex-wrap items-center gap-x-5 gap-y-2">
          <button type="button" className="button-quiet" onClick={() => retry()}>
            Try again
          </button>
          {/* A fresh load: nothing of what failed is kept. */}
          <a className="underline underline-offset-4" href="/">
            Go to the start page
          </a>
        </div>
      </Failure>
    </div>
  );
}
