'use client';

import { Failure } from './_components/failure.tsx';

/** What is shown when a page itself fails. The cause is in the server's log alone, under the digest. */
export default function PageError({
  error,
  reset,
}: {
  error: Error & { digest?: string };
  reset: () => void;
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
        <button type="button" className="button-quiet" onClick={reset}>
          Try again
        </button>
      </Failure>
    </div>
  );
}
