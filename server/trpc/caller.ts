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
 * Creates a caller that runs the router's procedures as functions in this process: for server components, route
 * handlers and tests. Use it instead of HTTP requests from the server to itself. Each call has its own request id.
 * `describeFailure` converts the errors that it throws.
 *
 * @param options.principal returns the caller to charge, for each call; without it no rate limit applies
 * @param options.userAgent returns the User-Agent of the request that the calls belong to
 */
export function createServerCaller(
  options: {
    services?: () => Services;
    principal?: () => Promise<Principal>;
    userAgent?: () => Promise<string | null>;
  } = {},
): Caller {
  const createContext = async () =>
    createInnerContext({
      services: (options.services ?? services)(),
      principal: (await options.principal?.()) ?? { kind: 'internal' },
      ...(options.userAgent
        ? { request: { method: 'CALL', pathname: '/', userAgent: await options.userAgent() } }
        : {}),
    });
  return createCaller(createContext, {
    onError: ({ error, path, ctx }) => {
      if (ctx) failedCalls.set(error, { path: path ?? null, requestId: ctx.requestId });
      const appError = toAppError(error);
      if (appError.httpStatus < 500) return;
      log().error({ requestId: ctx?.requestId, path, reason: appError.reason, err: error }, 'call failed');
    },
  });
}

/** The call that each error belongs to: the error itself has neither path nor request id. */
const failedCalls = new WeakMap<Error, { path: string | null; requestId: string }>();

/** Returns the public part of an error thrown by a server caller: message and `data` of the error response. */
export function describeFailure(error: unknown): { message: string; data: ErrorData } {
  const appError = toAppError(error);
  const call = error instanceof Error ? failedCalls.get(error) : undefined;
  return {
    message: appError.publicMessage,
    data: appError.toData(call ?? { path: null, requestId: 'unknown' }),
  };
}
