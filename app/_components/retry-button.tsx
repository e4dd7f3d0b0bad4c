'use client';

import { useEffect, useState } from 'react';

/** A retry button that counts down and stays disabled until the server's Retry-After has passed. */
export function RetryButton({ seconds, onRetry }: { seconds: number; onRetry: () => void }) {
  const [until] = useState(() => performance.now() + seconds * 1000);
  const [left, setLeft] = useState(seconds);

  useEffect(() => {
    if (left <= 0) return;
    const timer = setInterval(() => setLeft(Math.max(0, Math.ceil((until - performance.now()) / 1000))), 250);
    return () => clearInterval(timer);
  }, [left, until]);

  return (
    <button type="button" className="button-quiet" disabled={left > 0} onClick={onRetry}>
      Try again{left > 0 && <span aria-hidden="true"> in {inWords(left)}</span>}
    </button>
  );
}

function inWords(seconds: number): string {
  return seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}
