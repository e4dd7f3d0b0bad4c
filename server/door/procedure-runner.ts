import { type AnyProcedure, getTRPCErrorFromUnknown, type TRPCError } from '@trpc/server';
import { z } from 'zod';

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

const definitionSchema = z.object({
  middlewares: z.array(z.custom<Step>((step) => typeof step === 'function')).min(1),
  meta: z.unknown(),
});

/**
 * Runs a procedure as tRPC's own callers do: its middlewares one after the other, input and output among them, its
 * resolver last. Theirs copy a call's options at each step by a helper made for engines that have no spread, which
 * takes longer than all the rest of a small call.
 *
 * @returns what resolves to the procedure's output, or rejects with a TRPCError
 */
export function procedureRunner(procedure: AnyProcedure): (call: Call) => Promise<unknown> {
  const { middlewares, meta } = definitionSchema.parse(procedure._def);

  async function run(index: number, progress: Progress): Promise<Outcome> {
    const step = middlewares[index];
    if (!step) throw new Error('The resolver has nothing after it.');
    const next = (changes?: Changes) =>
      run(index + 1, changes ? { ...progress, ...withContext(progress.ctx, changes) } : progress);
    try {
      return await step({ ...progress, meta, next });
    } catch (cause) {
      return { ok: false, error: getTRPCErrorFromUnknown(cause) };
    }
  }

  return async (call) => {
    const outcome = await run(0, { ...call, input: undefined });
    if (!outcome.ok) throw outcome.error;
    return outcome.data;
  };
}

/** What a middleware adds to the context comes on top of what is there. */
function withContext(ctx: object, changes: Changes): Changes & { ctx: object } {
  return { ...changes, ctx: changes.ctx ? { ...ctx, ...changes.ctx } : ctx };
}
