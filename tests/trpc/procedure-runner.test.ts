import { callTRPCProcedure, initTRPC, TRPCError } from '@trpc/server';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { procedureRunner } from '#server/trpc/http/procedure-runner.ts';

const t = initTRPC.context<object>().meta<{ name: string }>().create();

const seen: unknown[] = [];
const watched = t.procedure
  .meta({ name: 'watched' })
  .use(({ next, ctx, input, meta, path, type, batchIndex, signal }) => {
    seen.push({ ctx, input, meta, path, type, batchIndex, signal });
    return next();
  });
const named = z.object({ name: z.string().trim().min(1) });

const some = z.unknown();

const router = t.router({
  plain: watched
    .input(z.void())
    .output(z.string())
    .query(() => 'plain'),
  validated: watched
    .input(named)
    .output(z.string())
    .query(({ input }) => input.name),
  slow: watched
    .input(named.refine(async ({ name }) => name !== 'Ada'))
    .output(z.unknown().transform(async () => 'late'))
    .query(({ input }) => input.name),
  wrongOutput: watched
    .input(some)
    .output(z.number().max(3))
    .mutation(() => 7),
  richer: watched
    .use(({ next }) => next({ ctx: { added: 1, kept: 'replaced' } }))
    .use(({ next }) => next())
    .input(some)
    .output(some)
    .query(({ ctx }) => ctx),
  otherInput: watched
    .use(({ next }) => next({ getRawInput: async () => ({ name: 'instead' }) }))
    .input(named)
    .output(some)
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
  failing: watched
    .input(some)
    .output(some)
    .mutation(() => {
      throw new RangeError('out of range');
    }),
  refusing: watched
    .use(() => {
      throw new TRPCError({ code: 'FORBIDDEN', message: 'not you' });
    })
    .input(some)
    .output(some)
    .query(() => 'never'),
  mending: t.procedure
    .use(async ({ next }) => {
      const result = await next();
      return result.ok ? result : next({ ctx: { second: true } });
    })
    .input(some)
    .output(some)
    .query(({ ctx }) => {
      if ('second' in ctx) return 'second time';
      throw new Error('first time');
    }),
  whole: watched
    .input(some)
    .output(some)
    .query(({ ctx, input, path, signal }) => ({ ctx, input, path, aborted: signal?.aborted })),
});

type Path = keyof typeof router._def.procedures;
const paths = Object.keys(router._def.procedures).filter(
  (path): path is Path => path in router._def.procedures,
);

/** What it came to and what its middlewares saw. */
async function outcomeOf(run: () => Promise<unknown>): Promise<unknown> {
  seen.length = 0;
  const outcome = await run().then(
    (value) => ({ value }),
    (error: unknown) => {
      if (!(error instanceof TRPCError)) return { notOfTrpc: error };
      const { code, message, cause } = error;
      return { code, message, cause: String(cause) };
    },
  );
  return { outcome, seen: [...seen] };
}

function callOf(path: Path, raw: unknown) {
  return {
    ctx: { kept: 'given' },
    path,
    type: router._def.procedures[path]._def.type,
    batchIndex: 3,
    signal: AbortSignal.abort('left'),
    getRawInput: async () => raw,
  };
}

describe.each(paths)('%s comes to the same as by tRPC', (path) => {
  test.each([[{ name: ' Ada ' }], [{ name: '' }], [{ name: 'Ada', age: 36 }], [undefined]])(
    '%j',
    async (raw) => {
      const call = callOf(path, raw);
      const own = await outcomeOf(() => procedureRunner(router._def.procedures[path])(call));
      expect(own).toEqual(await outcomeOf(() => callTRPCProcedure({ ...call, router })));
    },
  );

  test('an input that cannot be read', async () => {
    const call = {
      ...callOf(path, undefined),
      getRawInput: () => Promise.reject(new SyntaxError('no JSON')),
    };
    const own = await outcomeOf(() => procedureRunner(router._def.procedures[path])(call));
    expect(own).toEqual(await outcomeOf(() => callTRPCProcedure({ ...call, router })));
  });
});

test('what is no procedure of tRPC is refused when it is prepared', () => {
  const { plain } = router._def.procedures;
  const hollow = Object.assign(() => plain, plain, { _def: { ...plain._def, middlewares: [] } });
  expect(() => procedureRunner(hollow)).toThrow(/middlewares/);
});
