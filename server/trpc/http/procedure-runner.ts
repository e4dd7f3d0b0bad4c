import { type AnyProcedure, getTRPCErrorFromUnknown, TRPCError } from '@trpc/server';
import { z } from 'zod';
import { withoutStack } from '../../errors.ts';
import { validate } from './validate.ts';

/** One call as a procedure gets it. */
export type Call = {
  ctx: object;
  path: string;
  type: 'query' | 'mutation';
  /** Of its batch. */
  batchIndex: number;
  signal: AbortSignal;
  getRawInput: () => Promise<unknown>;
};

type Outcome = { ok: true; data: unknown } | { ok: false; error: TRPCError };
type Changes = { ctx?: object; input?: unknown; getRawInput?: Call['getRawInput'] };
type Progress = Call & { input: unknown };
type Step = (
  options: Progress & { meta: unknown; next: (changes?: Changes) => Promise<Outcome> },
) => Promise<Outcome>;

const schema = z.custom<z.ZodType>((value) => value instanceof z.ZodType);

const definitionSchema = z.object({
  middlewares: z.array(z.custom<Step>((step) => typeof step === 'function')).min(1),
  inputs: z.tuple([schema]),
  output: schema,
  meta: z.unknown(),
});

/**
 * Runs a procedure as tRPC's own callers do: its middlewares one after the other, input and output among them, its
 * resolver last. Theirs copy a call's options at each step by a helper made for engines that have no spread, and let
 * zod check as if every schema were asynchronous: that takes longer than all the rest of a small call.
 *
 * @param procedure has one input and one output, both zod's
 * @returns what resolves to the procedure's output, or rejects with a TRPCError
 */
export function procedureRunner(procedure: AnyProcedure): (call: Call) => Promise<unknown> {
  const { middlewares, inputs, output, meta } = definitionSchema.parse(procedure._def);
  const steps = stepsOf(middlewares, inputs[0], output);

  async function run(index: number, progress: Progress): Promise<Outcome> {
    const step = steps[index];
    if (!step) throw new Error('The resolver has nothing after it.');
    const next = (changes?: Changes) =>
      run(index + 1, changes ? { ...progress, ...withContext(progress.ctx, changes) } : progress);
    try {
      return await step({ ...progress, meta, next });
    } catch (cause) {
      return { ok: false, error: trpcErrorOf(cause) };
    }
  }

  return async (call) => {
    const outcome = await run(0, { ...call, input: undefined });
    if (!outcome.ok) throw outcome.error;
    return outcome.data;
  };
}

/** Of an error it takes over the stack, so its own would be made for nothing. */
function trpcErrorOf(cause: unknown): TRPCError {
  const make = () => getTRPCErrorFromUnknown(cause);
  return cause instanceof Error ? withoutStack(make) : make();
}

/** What a middleware adds to the context comes on top of what is there. */
function withContext(ctx: object, changes: Changes): Changes & { ctx: object } {
  return { ...changes, ctx: changes.ctx ? { ...ctx, ...changes.ctx } : ctx };
}

/** As tRPC has them, but for its checks. Where these stand right before the resolver, as mostly, the three are one. */
function stepsOf(middlewares: readonly Step[], input: z.ZodType, output: z.ZodType): Step[] {
  const checks: Record<string, Step> = { input: inputStep(input), output: outputStep(output) };
  const kinds = middlewares.map((step) => String(Reflect.get(step, '_type')));
  const steps = middlewares.map((step, index) => checks[kinds[index] ?? ''] ?? step);
  const resolve = steps.at(-1);
  if (!resolve || kinds.at(-3) !== 'input' || kinds.at(-2) !== 'output') return steps;
  return [...steps.slice(0, -3), checkedStep(input, resolve, output)];
}

function checkedStep(input: z.ZodType, resolve: Step, output: z.ZodType): Step {
  return async (options) => {
    const outcome = await resolve({ ...options, input: await checkInput(input, options.getRawInput) });
    return outcome.ok ? checkOutput(output, outcome.data) : outcome;
  };
}

function inputStep(input: z.ZodType): Step {
  return async ({ getRawInput, next }) => next({ input: await checkInput(input, getRawInput) });
}

function outputStep(output: z.ZodType): Step {
  return async ({ next }) => {
    const outcome = await next();
    return outcome.ok ? checkOutput(output, outcome.data) : outcome;
  };
}

async function checkInput(input: z.ZodType, getRawInput: Call['getRawInput']): Promise<unknown> {
  const raw = await getRawInput();
  try {
    return await withoutStack(() => validate(input, raw));
  } catch (cause) {
    throw withoutStack(() => new TRPCError({ code: 'BAD_REQUEST', cause }));
  }
}

async function checkOutput(output: z.ZodType, data: unknown): Promise<Outcome> {
  try {
    return { ok: true, data: await validate(output, data) };
  } catch (cause) {
    throw new TRPCError({ message: 'Output validation failed', code: 'INTERNAL_SERVER_ERROR', cause });
  }
}
