import { initTRPC, TRPCError } from '@trpc/server';
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc';
import { ZodError } from 'zod';
import { AppError, type ErrorReason, isAppError, isRefusal, withoutStack } from '../errors.ts';
import { fieldErrorsOf } from '../lib/field-errors.ts';
import { textFields } from '../lib/form-fields.ts';
import { type CallRecord, requestScope } from '../observability/request-scope.ts';
import { currentTrace } from '../observability/trace-context.ts';
import { tracing, withTraceContext } from '../observability/tracing/span.ts';
import { enforce } from '../rate-limit/enforce.ts';
import type { Context } from './context.ts';
import type { ProcedureMeta } from './procedure-meta.ts';
import { transformer } from './transformer.ts';

const t = initTRPC.context<Context>().meta<ProcedureMeta>().create({
  transformer,
  // Never the stack in an answer, whatever NODE_ENV says.
  isDev: false,
  errorFormatter: errorShape,
});

/** What a client is told of an error. */
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

/**
 * What every call passes, in one middleware because each costs every call: its limit is charged before its input
 * is even parsed, a form is read as the object its schema expects, an AppError gets the status that its reason
 * stands for, and what became of the call is counted, timed, traced and recorded.
 */
const everyCall = t.middleware(async ({ ctx, meta, path, batchIndex, next, getRawInput }) => {
  const startedAt = performance.now();
  let outcome: CallRecord['outcome'] = 'internal';
  const span = tracing.tracer?.start(path, {
    kind: 'internal',
    parent: currentTrace.getStore(),
    attributes: { 'rpc.system.name': 'trpc', 'rpc.method': path },
  });
  try {
    if (meta) await enforce(ctx, meta.rateLimit);
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
    const make = () => new TRPCError({ code, message, cause: appError });
    throw isRefusal(appError.reason) ? withoutStack(make) : make();
  } finally {
    const durationMs = performance.now() - startedAt;
    const id = ctx.scope.isBatch ? `${ctx.requestId}.${batchIndex}` : ctx.requestId;
    span?.set({ 'bff.request_id': id, 'bff.outcome': outcome });
    span?.end();
    ctx.scope.calls.push({ id, procedure: path, outcome, durationMs: Math.round(durationMs * 10) / 10 });
    ctx.services.metrics.callEnded({ procedure: path, outcome, seconds: durationMs / 1000 });
  }
});

/** A multipart form as a plain object of its text fields, so that one input schema serves JSON and forms. */
function formReader(read: () => Promise<unknown>): () => Promise<unknown> {
  return async () => {
    const raw = await read();
    return raw instanceof FormData ? Object.fromEntries(textFields(raw)) : raw;
  };
}

const baseProcedure = t.procedure.use(everyCall);

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
