import { createInnerContext } from './context.ts';
import type { ErrorData } from './errors.ts';
import { log } from './log.ts';
import { appRouter } from './router.ts';
import { type Services, services } from './services.ts';
import { createCallerFactory, toAppError } from './trpc.ts';

const createCaller = createCallerFactory(appRouter);

export type Caller = ReturnType<typeof createCaller>;

/**
 * The router as plain functions, for code that runs in this process: server components, route handlers, tests.
 * Never call your own HTTP from the server. Each call has a request id of its own; what it throws is read by
 * `describeFailure`.
 */
export function createServerCaller(getServices: () => Services = services): Caller {
  return createCaller(() => createInnerContext({ services: getServices() }), {
    onError: ({ error, path, ctx }) => {
      if (ctx) requestIds.set(error, ctx.requestId);
      const appError = toAppError(error);
      if (appError.httpStatus < 500) return;
      log().error({ requestId: ctx?.requestId, path, reason: appError.reason, err: error }, 'call failed');
    },
  });
}

const requestIds = new WeakMap<Error, string>();

/** What may be shown of an error that a server caller threw: the message and the envelope's data. */
export function describeFailure(error: unknown): { message: string; data: ErrorData } {
  const appError = toAppError(error);
  const requestId = (error instanceof Error && requestIds.get(error)) || 'unknown';
  return { message: appError.publicMessage, data: appError.toData({ path: null, requestId }) };
}
