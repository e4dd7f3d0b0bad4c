import { initTRPC, TRPCError } from '@trpc/server';
import superjson from 'superjson';
import { ZodError } from 'zod';
import type { Context } from './context.ts';
import { AppError, type ErrorReason } from './errors.ts';
import { fieldErrorsOf } from './field-errors.ts';
import { textFields } from './form-fields.ts';
import type { ProcedureMeta } from './procedure-meta.ts';
import { requestScope } from './request-scope.ts';

const t = initTRPC
  .context<Context>()
  .meta<ProcedureMeta>()
  .create({
    transformer: superjson,
    // Never the stack in an answer, whatever NODE_ENV says.
    isDev: false,
    errorFormatter({ shape, error, path, ctx }) {
      const appError = toAppError(error);
      const requestId = ctx?.requestId ?? requestScope.getStore()?.requestId ?? 'unknown';
      return {
        code: shape.code,
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
  if (error instanceof AppError) return error;
  if (!(error instanceof TRPCError)) return new AppError('internal', { cause: error });
  if (error.cause instanceof AppError) return error.cause;
  const reason = reasonOfTrpcCode[error.code] ?? 'internal';
  if (reason === 'invalid_input' && error.cause instanceof ZodError) {
    return new AppError(reason, { fieldErrors: fieldErrorsOf(error.cause), cause: error });
  }
  return new AppError(reason, { cause: error });
}

/** Gives an AppError thrown by a service the status that its reason stands for. */
const mapErrors = t.middleware(async ({ next }) => {
  const result = await next();
  if (result.ok || !(result.error.cause instanceof AppError)) return result;
  const cause = result.error.cause;
  throw new TRPCError({ code: cause.code, message: cause.publicMessage, cause });
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

const baseProcedure = t.procedure.use(mapErrors).use(readForm);

/** The start of every procedure that anyone may call. The meta is what documentation, limits and the door go by. */
export function publicProcedure(meta: ProcedureMeta) {
  return baseProcedure.meta(meta);
}

export const { router, createCallerFactory } = t;
