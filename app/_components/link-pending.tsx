'use client';

import { useLinkStatus } from 'next/link';
import { useDebounced } from '../_lib/use-debounced.ts';

/** Milliseconds. A page that loads faster replaces the old one without showing the skeleton. */
const skeletonDelay = 150;

/**
 * Marks its parent link as pending when the target page loads slowly. The style sheet then shows the skeleton. Pages
 * are sent whole, so that they are complete without JavaScript, and therefore have no loading state of their own.
 */
export function LinkPending() {
  const { pending } = useLinkStatus();
  const slow = useDebounced(pending, skeletonDelay) && pending;
  return <span data-pending={slow || undefined} hidden />;
}
