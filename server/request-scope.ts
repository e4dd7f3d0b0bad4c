import { AsyncLocalStorage } from 'node:async_hooks';

/** What belongs to the request being handled, readable from anywhere below it without being passed along. */
export type RequestScope = { requestId: string };

export const requestScope = new AsyncLocalStorage<RequestScope>();
