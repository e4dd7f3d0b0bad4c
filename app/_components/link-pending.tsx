'use client';

import { useLinkStatus } from 'next/link';
import { useDebounced } from '../_lib/use-debounced.ts';

/** Milliseconds. A page that comes sooner takes the place of the old one without a skeleton in between. */
const patience = 150;

/**
 * Within a link: marks that the page behind it is slow to come. The style sheet then shows the skeleton. Pages are
 * sent whole, complete without JavaScript, so none has a loading state of its own.
 */
export function LinkPending() {
  const { pending } = useLinkStatus();
  const slow = useDebounced(pending, patience) && pending;
  return <span data-pending={slow || undefined} hidden />;
}
