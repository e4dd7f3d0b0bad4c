'use client';

import { Failure } from './_components/failure.tsx';

/**
 * The error page for a page that fails to render. The cause is only in the server's log, under the digest. An error
 * in the browser has no digest.
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
      <h1>This page failed to load</h1>
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
          {/* A full page load discards all client state of the failed page. */}
          <a className="underline underline-offset-4" href="/">
            Go to the start page
          </a>
        </div>
      </Failure>
    </div>
  );
}
