import { errorReasons } from '#server/errors.ts';

/** Returns the message for an error reason that a route handler put into the query of its redirect. */
export function messageForReason(reason: string | string[] | undefined): string | undefined {
  return Object.entries(errorReasons).find(([name]) => name === reason)?.[1].message;
}
