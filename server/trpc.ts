import { initTRPC, TRPCError } from '@trpc/server';
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc';
import superjson from 'superjson';
import { ZodError } from 'zod';
import type { Context } from './context.ts';
import { AppError, type ErrorReason, isAppError } from './errors.ts';
import { fieldErrorsOf } from './field-errors.ts';
import { textFields } from './form-fields.ts';
import { bucketOf } from './principal.ts';
import type { ProcedureMeta } from './procedure-meta.ts';
import { requestScope } from './request-scope.ts';

const t = initTRPC
  .context<Context>()
  .meta<ProcedureMeta>()
  .create({
    transformer: superjson,
    // Never the stack in an answer, whatever NODE_ENV says.
    isDev: false,
    errorFormatter({ error, path, ctx }) {
      const appError = toAppError(error);
      const requestId = ctx?.requestId ?? requestScope.getStore()?.requestId ?? 'unknown';
      return {
        code: TRPC_ERROR_CODES_BY_KEY[appError.code],
        message: appError.publicMessage,
        data: appError.toData({ path: path ?? null, requestId }),
      };
    },
  });

/** What tRPC itself can refuse before, beside or after a procedure, in the product's words. */
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

/** Any error that tRPC hands out, as the product's own. Messages that are not ours never pass. */
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

/** Counts, times and records every call, whatever becomes of it. */
const observe = t.middleware(async ({ ctx, path, next, batchIndex }) => {
  const startedAt = performance.now();
  const result = await next();
  const durationMs = performance.now() - startedAt;
  const outcome = result.ok ? 'ok' : toAppError(result.error).reason;
  const id = batchIndex === undefined ? ctx.requestId : `${ctx.requestId}.${batchIndex}`;
  ctx.scope.calls.push({ id, procedure: path, outcome, durationMs: Math.round(durationMs * 10) / 10 });
  ctx.services.metrics.callEnded({ procedure: path, outcome, seconds: durationMs / 1000 });
  return result;
});

/** Gives an AppError thrown by a service the status that its reason stands for. */
const mapErrors = t.middleware(async ({ next }) => {
  const result = await next();
  if (result.ok || !isAppError(result.error.cause)) return result;
  const cause = result.error.cause;
  throw new TRPCError({ code: cause.code, message: cause.publicMessage, cause });
});

/** Charges the call to its principal's bucket, before its input is even parsed: refusing must cost little. */
const limitRate = t.middleware(async ({ ctx, meta, next }) => {
  const bucket = bucketOf(ctx.principal);
  if (bucket === null || !meta) return next();
  const state = await ctx.services.rateLimiter.charge(meta.rateLimit, bucket);
  ctx.scope.rateLimits.set(state.name, state);
  if (state.allowed) return next();
  ctx.services.metrics.rateLimited(state.name);
  throw new AppError('rate_limited', { retryAfterSeconds: state.resetSeconds });
});

/** A multipart form is read as a plain object of its text fields, so that one input schema serves JSON and forms. */
const readForm = t.middleware(({ meta, next, getRawInput }) => {
  if (!meta?.form) return next();
  return next({
    getRawInput: async () => {
      const raw = await getRawInput();
      return raw instanceof FormData ? Object.fromEntries(textFields(raw)) : raw;
    },
  });
});

const baseProcedure = t.procedure.use(observe).use(mapErrors).use(limitRate).use(readForm);

/** The start of every procedure that anyone may call. The meta is what documentation, limits and the door go by. */
export function publicProcedure(meta: ProcedureMeta) {
  return baseProcedure.meta(meta);
}

/**
 * The start of every procedure for other services alone: the caller's key must carry the scope.
 *
 * Refuses with `unauthorized` without a key and with `forbidden` without the scope.
 */
export function serviceProcedure(meta: ProcedureMeta & { scope: string }) {
  return baseProcedure.meta(meta).use(({ ctx, next }) => {
    if (ctx.principal.kind === 'internal') return next();
    if (ctx.principal.kind !== 'service') throw new AppError('unauthorized');
    if (!ctx.principal.scopes.includes(meta.scope)) throw new AppError('forbidden');
    return next();
  });
}

export const { router, createCallerFactory } = t;
