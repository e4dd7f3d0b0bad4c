import { type AnyProcedure, getTRPCErrorFromUnknown, TRPCError } from '@trpc/server';
import type { z } from 'zod';
import { withoutStack } from '../../errors.ts';
import { isRecord } from '../../lib/is-record.ts';
import {
  type Call,
  type Middleware,
  type Outcome,
  type Overrides,
  readDefinition,
} from '../procedure-definition.ts';
import { validate } from './validate.ts';

/** Runs one call. Resolves to the procedure's output, or rejects with a TRPCError. */
export type Runner = (call: Call) => Promise<unknown>;

/** tRPC's own message. */
const noResult = 'No result from middlewares - did you forget to `return next()`?';

type Options = Call & { input: unknown };

/**
 * Returns a runner for a procedure: it calls the middlewares in order, input and output validation among them, and the
 * resolver last, as tRPC's own loop does. tRPC's loop copies the options at each middleware with a helper for engines
 * without object spread, and always validates asynchronously, which takes longer than the rest of a small call.
 *
 * @throws ProcedureDefinitionError for a procedure that uses features of tRPC that this runner does not implement
 */
export function procedureRunner(path: string, procedure: AnyProcedure): Runner {
  const { middlewares, input, output, meta } = readDefinition(path, procedure);
  const steps = stepsOf(middlewares, input, output);

  async function run(index: number, options: Options): Promise<Outcome> {
    const step = steps[index];
    if (!step) throw new Error('The resolver called next().');
    const next = (overrides?: Overrides) =>
      run(index + 1, overrides ? { ...options, ...withContext(options.ctx, overrides) } : options);
    try {
      return await step({ ...options, meta, next });
    } catch (cause) {
      return { ok: false, error: trpcErrorOf(cause) };
    }
  }

  return async (call) => {
    const outcome: Outcome | undefined = await run(0, { ...call, input: undefined });
    // Undefined, against its type, if a middleware does not return the result of next().
    if (!outcome) throw new TRPCError({ code: 'INTERNAL_SERVER_ERROR', message: noResult });
    if (!outcome.ok) throw outcome.error;
    return outcome.data;
  };
}

/** Wraps a thrown value. A TRPCError takes over the stack of its cause, so none is captured for it. */
function trpcErrorOf(cause: unknown): TRPCError {
  const createError = () => getTRPCErrorFromUnknown(cause);
  return cause instanceof Error ? withoutStack(createError) : createError();
}

/** Merges the context that a middleware passes to `next()` into the current one. */
function withContext(ctx: object, overrides: Overrides): Overrides & { ctx: object } {
  return { ...overrides, ctx: overrides.ctx ? { ...ctx, ...overrides.ctx } : ctx };
}

/**
 * Replaces tRPC's validation middlewares. If they come directly before the resolver, as in most procedures, the three
 * become one step.
 */
function stepsOf(middlewares: readonly Middleware[], input: z.ZodType, output: z.ZodType): Middleware[] {
  const kinds = middlewares.map(({ _type }) => _type);
  const steps = middlewares.map((middleware) => {
    if (middleware._type === 'input') return inputStep(input);
    return middleware._type === 'output' ? outputStep(output) : middleware;
  });
  const resolve = steps.at(-1);
  if (!resolve || kinds.at(-3) !== 'input' || kinds.at(-2) !== 'output') return steps;
  return [...steps.slice(0, -3), validatedStep(input, resolve, output)];
}

function validatedStep(input: z.ZodType, resolve: Middleware, output: z.ZodType): Middleware {
  return async (options) => {
    const outcome = await resolve({ ...options, input: await validateInput(input, options) });
    return outcome.ok ? validateOutput(output, outcome.data) : outcome;
  };
}

function inputStep(input: z.ZodType): Middleware {
  return async (options) => options.next({ input: await validateInput(input, options) });
}

function outputStep(output: z.ZodType): Middleware {
  return async ({ next }) => {
    const outcome = await next();
    return outcome.ok ? validateOutput(output, outcome.data) : outcome;
  };
}

/** Validates the raw input. As in tRPC, an object that a middleware passed to `next()` as input is merged into it. */
async function validateInput(
  schema: z.ZodType,
  { getRawInput, input: earlier }: Pick<Options, 'getRawInput' | 'input'>,
): Promise<unknown> {
  const raw = await getRawInput();
  const input = await parseInput(schema, raw);
  return isObject(earlier) && isObject(input) ? { ...earlier, ...input } : input;
}

async function parseInput(schema: z.ZodType, raw: unknown): Promise<unknown> {
  try {
    return await withoutStack(() => validate(schema, raw));
  } catch (cause) {
    throw withoutStack(() => new TRPCError({ code: 'BAD_REQUEST', cause }));
  }
}

async function validateOutput(schema: z.ZodType, data: unknown): Promise<Outcome> {
  try {
    return { ok: true, data: await validate(schema, data) };
  } catch (cause) {
    throw new TRPCError({ message: 'Output validation failed', code: 'INTERNAL_SERVER_ERROR', cause });
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return isRecord(value) && !Array.isArray(value);
}
