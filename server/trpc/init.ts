import { initTRPC, TRPCError } from '@trpc/server';
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc';
import { ZodError } from 'zod';
import { AppError, type ErrorReason, isAppError, isClientError, withoutStack } from '../errors.ts';
import { fieldErrorsOf } from '../lib/field-errors.ts';
import { readFields } from '../lib/form-fields.ts';
import { type CallRecord, requestScope } from '../observability/request-scope.ts';
import { currentTrace } from '../observability/trace-context.ts';
import { tracing, withTraceContext } from '../observability/tracing/span.ts';
import { workRecord } from '../observability/work.ts';
import { requireScope, requireUser, type UserRequirement } from '../principal.ts';
import { enforce, takeShare } from '../rate-limit/enforce.ts';
import type { Context } from './context.ts';
import { rejectLazyRouters } from './procedure-definition.ts';
import type { ProcedureMeta } from './procedure-meta.ts';
import { requireStatusAccess } from './status-access.ts';
import { transformer } from './transformer.ts';

const t = initTRPC.context<Context>().meta<ProcedureMeta>().create({
  transformer,
  // Keeps stacks out of responses regardless of NODE_ENV.
  isDev: false,
  errorFormatter: errorShape,
});

/** Returns the error response of a failed call, without its `error.json` wrapper. */
export function errorShape(failed: {
  error: TRPCError;
  path: string | undefined;
  ctx: Pick<Context, 'requestId'> | undefined;
}) {
  const { error, path, ctx } = failed;
  const appError = toAppError(error);
  const requestId = ctx?.requestId ?? requestScope.getStore()?.requestId ?? 'unknown';
  return {
    code: TRPC_ERROR_CODES_BY_KEY[appError.code],
    message: appError.publicMessage,
    data: appError.toData({ path: path ?? null, requestId }),
  };
}

/** Reasons for the errors that tRPC itself throws before, during or after a procedure. */
const reasonOfTrpcCode: Partial<Record<TRPCError['code'], ErrorReason>> = {
  PARSE_ERROR: 'invalid_input',
  BAD_REQUEST: 'invalid_input',
  UNAUTHORIZED: 'unauthorized',
  FORBIDDEN: 'forbidden',
  NOT_FOUND: 'not_found',
  METHOD_NOT_SUPPORTED: 'method_not_allowed',
  PAYLOAD_TOO_LARGE: 'payload_too_large',
  UNSUPPORTED_MEDIA_TYPE: 'unsupported_media_type',
  TOO_MANY_REQUESTS: 'rate_limited',
};

/** Converts any thrown value to an AppError. Messages of other errors are never sent to the caller. */
export function toAppError(error: unknown): AppError {
  if (isAppError(error)) return error;
  if (!(error instanceof TRPCError)) return new AppError('internal', { cause: error });
  if (isAppError(error.cause)) return error.cause;
  const reason = reasonOfTrpcCode[error.code] ?? 'internal';
  if (reason === 'invalid_input' && error.cause instanceof ZodError) {
    return new AppError(reason, { fieldErrors: fieldErrorsOf(error.cause), cause: error });
  }
  return new AppError(reason, { cause: error });
}

/**
 * The middleware of every procedure. It charges the rate limit before the input is parsed, converts a form to the
 * object that the input schema expects, gives a thrown AppError the tRPC code of its reason, and records the outcome
 * and duration in metrics, trace and log. It is one middleware because each additional one costs time on every call.
 */
const callMiddleware = t.middleware(async ({ ctx, meta, path, batchIndex, next, getRawInput }) => {
  const startedAt = performance.now();
  const endWork = workRecord.start(path);
  let outcome: CallRecord['outcome'] = 'internal';
  let release: (() => void) | undefined;
  const span = tracing.tracer?.start(path, {
    kind: 'internal',
    parent: currentTrace.getStore(),
    attributes: { 'rpc.system.name': 'trpc', 'rpc.method': path },
  });
  try {
    if (meta) {
      const { principal, scope, services } = ctx;
      const { rateLimiter, shares, metrics } = services;
      await enforce({ principal, scope, rateLimiter, metrics }, meta.rateLimit);
      if (meta.upload) release = takeShare(shares.uploads, principal);
      else if (meta.rateLimit === 'upstream') release = takeShare(shares.upstreamCalls, principal);
    }
    const run = () => (meta?.form ? next({ getRawInput: formReader(getRawInput) }) : next());
    const result = await withTraceContext(span, run);
    if (!result.ok) throw result.error;
    outcome = 'ok';
    return result;
  } catch (error) {
    const appError = toAppError(error);
    outcome = appError.reason;
    if (appError.httpStatus >= 500) span?.fail(outcome);
    if (error instanceof TRPCError && error.code === appError.code) throw error;
    const { code, publicMessage: message } = appError;
    const createError = () => new TRPCError({ code, message, cause: appError });
    throw isClientError(appError.reason) ? withoutStack(createError) : createError();
  } finally {
    release?.();
    const durationMs = performance.now() - startedAt;
    const id = ctx.scope.isBatch ? `${ctx.requestId}.${batchIndex}` : ctx.requestId;
    span?.set({ 'bff.request_id': id, 'bff.outcome': outcome });
    span?.end();
    ctx.scope.calls.push({ id, procedure: path, outcome, durationMs: Math.round(durationMs * 10) / 10 });
    ctx.services.metrics.callEnded({ procedure: path, outcome, seconds: durationMs / 1000 });
    endWork();
  }
});

/**
 * Converts a multipart form to an object of its text fields, so that one input schema validates JSON and forms.
 *
 * @throws AppError `invalid_input` that names the files and repeated fields
 */
function formReader(read: () => Promise<unknown>): () => Promise<unknown> {
  return async () => {
    const raw = await read();
    if (!(raw instanceof FormData)) return raw;
    const form = readFields(raw);
    if (!form.ok) throw new AppError('invalid_input', { fieldErrors: form.fieldErrors });
    return form.fields;
  };
}

const baseProcedure = t.procedure.use(callMiddleware);

/** Starts a procedure that anyone may call. HTTP checks, rate limits and documentation are derived from its meta. */
export function publicProcedure(meta: ProcedureMeta) {
  return baseProcedure.meta(meta);
}

/**
 * Starts a procedure for other services only. Calls without a service key fail with `unauthorized`, calls whose key
 * lacks the scope with `forbidden`.
 */
export function serviceProcedure(meta: ProcedureMeta & { scope: string }) {
  return baseProcedure.meta(meta).use(({ ctx, next }) => {
    requireScope(ctx.principal, meta.scope);
    return next();
  });
}

/**
 * Starts a procedure for signed-in users: `ctx.user` is the user. A service key does not pass.
 *
 * @param meta.user what the user must have; `{}` admits every user
 */
export function userProcedure(meta: ProcedureMeta & { user: UserRequirement; sensitive: true }) {
  return baseProcedure.meta(meta).use(({ ctx, next }) => {
    const user = requireUser(ctx.principal, meta.user);
    return next({ ctx: { user } });
  });
}

/** Starts a procedure that shows the status of this instance, which `STATUS_ROLES` may close to the public. */
export function statusProcedure(meta: Omit<ProcedureMeta, 'showsStatus'>) {
  return baseProcedure.meta({ ...meta, showsStatus: true }).use(({ ctx, next }) => {
    requireStatusAccess(ctx.principal, ctx.services);
    return next();
  });
}

export const { createCallerFactory } = t;

/**
 * Creates a router of procedures and other routers.
 *
 * @throws ProcedureDefinitionError for a router with `lazy()`. Once nested in another router it could no longer be
 * detected: tRPC drops it without an error, and all calls of its procedures fail with `not_found`
 */
export const router: typeof t.router = (routes) => {
  const created = t.router(routes);
  rejectLazyRouters(created);
  return created;
};
