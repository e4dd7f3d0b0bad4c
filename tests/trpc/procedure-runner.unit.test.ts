import { initTRPC, TRPCError } from '@trpc/server';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { procedureRunner, type Runner } from '#server/trpc/http/procedure-runner.ts';
import { trpcRunner } from '#server/trpc/http/trpc-runner.ts';
import type { Call } from '#server/trpc/procedure-definition.ts';

const t = initTRPC.context<object>().meta<{ name: string }>().create();

/** The options that middlewares received. */
const seen: unknown[] = [];
const recorded = t.procedure
  .meta({ name: 'recorded' })
  .use(({ next, ctx, input, meta, path, type, batchIndex, signal }) => {
    seen.push({ ctx, input, meta, path, type, batchIndex, signal });
    return next();
  });
const named = z.object({ name: z.string().trim().min(1) });

const anything = z.unknown();

const router = t.router({
  plain: recorded
    .input(z.void())
    .output(z.string())
    .query(() => 'plain'),
  validated: recorded
    .input(named)
    .output(z.string())
    .query(({ input }) => input.name),
  slow: recorded
    .input(named.refine(async ({ name }) => name !== 'Ada'))
    .output(z.unknown().transform(async () => 'late'))
    .query(({ input }) => input.name),
  wrongOutput: recorded
    .input(anything)
    .output(z.number().max(3))
    .mutation(() => 7),
  addsContext: recorded
    .use(({ next }) => next({ ctx: { added: 1, kept: 'replaced' } }))
    .use(({ next }) => next())
    .input(anything)
    .output(anything)
    .query(({ ctx }) => ctx),
  replacesRawInput: recorded
    .use(({ next }) => next({ getRawInput: async () => ({ name: 'instead' }) }))
    .input(named)
    .output(anything)
    .query(({ input }) => input),
  addsInput: recorded
    .use(({ next }) => next({ input: { name: 'replaced', added: 1 } }))
    .input(named)
    .output(anything)
    .query(({ input }) => input),
  inputFirst: t.procedure
    .meta({ name: 'inputFirst' })
    .input(named)
    .use(({ input, next }) => {
      seen.push(input);
      return next();
    })
    .output(named)
    .query(({ input }) => input),
  failing: recorded
    .input(anything)
    .output(anything)
    .mutation(() => {
      throw new RangeError('out of range');
    }),
  failingWithText: recorded
    .input(anything)
    .output(anything)
    .query(() => {
      throw 'no error at all';
    }),
  rejectsOutput: recorded
    .input(anything)
    .use(({ next }) => next())
    .output(z.string())
    .use(({ next }) => next())
    .query(({ input }) => Object(input).name),
  outputFirst: recorded
    .output(z.object({ name: z.string(), added: z.int() }))
    .input(named)
    .use(({ next }) => next({ ctx: { added: 1 } }))
    .query(({ input, ctx }) => ({ ...input, ...ctx })),
  rejecting: recorded
    .use(() => {
      throw new TRPCError({ code: 'FORBIDDEN', message: 'not you' });
    })
    .input(anything)
    .output(anything)
    .query(() => 'never'),
  retrying: t.procedure
    .use(async ({ next }) => {
      const result = await next();
      return result.ok ? result : next({ ctx: { second: true } });
    })
    .input(anything)
    .output(anything)
    .query(({ ctx }) => {
      if ('second' in ctx) return 'second time';
      throw new Error('first time');
    }),
  returnsOptions: recorded
    .input(anything)
    .output(anything)
    .query(({ ctx, input, path, signal }) => ({ ctx, input, path, aborted: signal?.aborted })),
});

type Path = keyof typeof router._def.procedures;
const paths = Object.keys(router._def.procedures).filter(
  (path): path is Path => path in router._def.procedures,
);

/** Runs a call and returns its result or error, and the options that the middlewares received. */
async function outcomeOf(run: Runner, call: Call): Promise<unknown> {
  seen.length = 0;
  const outcome = await run(call).then(
    (value) => ({ value }),
    (error: unknown) => {
      if (!(error instanceof TRPCError)) return { notTrpc: error };
      const { code, message, cause } = error;
      return { code, message, cause: String(cause) };
    },
  );
  return { outcome, seen: [...seen] };
}

function callOf(path: Path, getRawInput: Call['getRawInput']): Call {
  return {
    ctx: { kept: 'given', other: 'given' },
    path,
    type: router._def.procedures[path]._def.type,
    batchIndex: 3,
    signal: AbortSignal.abort('left'),
    getRawInput,
  };
}

describe.each(paths)('%s: both runners have the same result', (path) => {
  const fast = () => procedureRunner(path, router._def.procedures[path]);
  const trpc = trpcRunner(router);

  test.each([
    [{ name: ' Ada ' }],
    [{ name: '' }],
    [{ name: 'Ada', age: 36 }],
    [['Ada']],
    [new Date(0)],
    [undefined],
  ])('with the input %j', async (raw) => {
    const call = callOf(path, async () => raw);
    expect(await outcomeOf(fast(), call)).toEqual(await outcomeOf(trpc, call));
  });

  test('with an input that cannot be parsed', async () => {
    const call = callOf(path, () => Promise.reject(new SyntaxError('no JSON')));
    expect(await outcomeOf(fast(), call)).toEqual(await outcomeOf(trpc, call));
  });
});

test('a middleware that does not return the result of next() has the same error in both runners', async () => {
  const broken = t.router({
    silent: t.procedure
      // Possible only against the types, as in a middleware written in JavaScript.
      .use(({ next }) => Object(next().then(() => undefined)))
      .input(anything)
      .output(anything)
      .query(() => 1),
  });
  const call = { ...callOf('plain', async () => undefined), path: 'silent' };
  const fast = procedureRunner('silent', broken._def.procedures.silent);
  expect(await outcomeOf(fast, call)).toEqual(await outcomeOf(trpcRunner(broken), call));
});

test('a procedure without middlewares is rejected', () => {
  const { plain } = router._def.procedures;
  const hollow = Object.assign(() => plain, plain, { _def: { ...plain._def, middlewares: [] } });
  expect(() => procedureRunner('plain', hollow)).toThrow('Procedure plain has 0 middlewares of type input');
});
