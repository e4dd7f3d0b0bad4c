import { errorReasons } from '#server/errors.ts';

/** The sentence for a reason that a route handler put into the URL of the page it sent the visitor back to. */
export function messageForReason(reason: string | string[] | undefined): string | undefined {
  return Object.entries(errorReasons).find(([name]) => name === reason)?.[1].message;
}
