'use client';

import { useEffect, useState } from 'react';
import { durationInWords } from '#app/_lib/duration-in-words.ts';

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
      {/* One flex item: the button would drop the space between two. */}
      <span>Try again{left > 0 && <span aria-hidden="true"> in {durationInWords(left)}</span>}</span>
    </button>
  );
}
