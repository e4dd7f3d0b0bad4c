import type { ErrorData } from '../errors.ts';
import { log } from '../observability/log.ts';
import type { Principal } from '../principal.ts';
import { type Services, services } from '../services.ts';
import { createInnerContext } from './context.ts';
import { createCallerFactory, toAppError } from './init.ts';
import { appRouter } from './router.ts';

const createCaller = createCallerFactory(appRouter);

export type Caller = ReturnType<typeof createCaller>;

/**
 * The router as plain functions, for code that runs in this process: server components, route handlers, tests.
 * Never call your own HTTP from the server. Each call has a request id of its own; what it throws is read by
 * `describeFailure`.
 *
 * @param options.principal on whose behalf the calls are made, asked for each; without it nothing is limited
 */
export function createServerCaller(
  options: { services?: () => Services; principal?: () => Promise<Principal> } = {},
): Caller {
  const createContext = async () =>
    createInnerContext({
      services: (options.services ?? services)(),
      principal: (await options.principal?.()) ?? { kind: 'internal' },
    });
  return createCaller(createContext, {
    onError: ({ error, path, ctx }) => {
      if (ctx) places.set(error, { path: path ?? null, requestId: ctx.requestId });
      const appError = toAppError(error);
      if (appError.httpStatus < 500) return;
      log().error({ requestId: ctx?.requestId, path, reason: appError.reason, err: error }, 'call failed');
    },
  });
}

const places = new WeakMap<Error, { path: string | null; requestId: string }>();

/** What may be shown of an error that a server caller threw: the message and the envelope's data. */
export function describeFailure(error: unknown): { message: string; data: ErrorData } {
  const appError = toAppError(error);
  const place = error instanceof Error ? places.get(error) : undefined;
  return {
    message: appError.publicMessage,
    data: appError.toData(place ?? { path: null, requestId: 'unknown' }),
  };
}
