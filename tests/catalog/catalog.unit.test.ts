import { initTRPC } from '@trpc/server';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { toJsonSchema } from '#server/lib/json-schema.ts';
import { publicProcedure, router } from '#server/trpc/init.ts';
import { procedures, readProcedures } from '#server/trpc/procedure-registry.ts';
import { appRouter } from '#server/trpc/router.ts';

const meta = { summary: 's', description: 'd', sensitive: false, rateLimit: 'light' } as const;
const done = () => ({ ok: true });
const ok = z.object({ ok: z.boolean() });
const bare = initTRPC.meta<object>().create();

describe('an incomplete procedure fails the start with its name', () => {
  const complete = publicProcedure(meta).input(z.void()).output(ok).query(done);
  test.each([
    ['no meta', bare.router({ here: bare.procedure.input(z.void()).output(ok).query(done) })],
    [
      'incomplete meta',
      bare.router({ here: bare.procedure.meta({ summary: 's' }).input(z.void()).output(ok).query(done) }),
    ],
    [
      'an empty summary',
      router({
        here: publicProcedure({ ...meta, summary: '' })
          .input(z.void())
          .output(ok)
          .query(done),
      }),
    ],
    [
      'an empty description',
      router({
        here: publicProcedure({ ...meta, description: '' })
          .input(z.void())
          .output(ok)
          .query(done),
      }),
    ],
    ['no input', router({ here: publicProcedure(meta).output(ok).query(done) })],
    ['two inputs', router({ here: publicProcedure(meta).input(ok).input(ok).output(ok).query(done) })],
    ['no output', router({ here: publicProcedure(meta).input(z.void()).query(done) })],
    ['an input without an example', router({ here: publicProcedure(meta).input(ok).output(ok).query(done) })],
    [
      'an example that the input schema rejects',
      router({
        here: publicProcedure(meta)
          .input(ok.meta({ examples: [{ ok: true }, { ok: 'yes' }] }))
          .output(ok)
          .query(done),
      }),
    ],
    [
      'an unknown error reason',
      bare.router({
        here: bare.procedure
          .meta({ ...meta, errors: ['bad_luck'] })
          .input(z.void())
          .output(ok)
          .query(done),
      }),
    ],
    [
      'an output that is a function',
      router({ here: publicProcedure(meta).input(z.void()).output(done).query(done) }),
    ],
    [
      'a subscription',
      router({
        here: publicProcedure(meta)
          .input(z.void())
          .output(z.unknown())
          .subscription(async function* () {
            yield 1;
          }),
      }),
    ],
  ])('%s', (_, broken) => {
    const nested = bare.router({ fine: bare.router({}), some: broken });
    expect(() => readProcedures(nested)).toThrow(/Procedure some\.here /);
  });

  test('a complete procedure is read', () => {
    const entry = readProcedures(router({ deep: router({ here: complete }) })).get('deep.here');
    expect(entry).toMatchObject({ path: 'deep.here', type: 'query', meta });
    expect(entry?.output).toBe(ok);
  });
});

describe('the product', () => {
  const all = [...procedures.values()];

  test('has all procedures of the router in its registry', () => {
    expect([...procedures.keys()].sort()).toEqual(Object.keys(appRouter._def.procedures).sort());
  });

  test('has the procedures of the contract, each with its type', () => {
    const types = Object.fromEntries(all.map(({ path, type }) => [path, type]));
    expect(types).toMatchObject({
      'fixture.body': 'mutation',
      'fixture.request': 'query',
      'email.send': 'mutation',
      'email.status': 'query',
      'fixture.reading': 'query',
      'fixture.search': 'query',
      'proxy.endpoints': 'query',
      'proxy.items.item': 'query',
      'proxy.items.render': 'mutation',
    });
  });

  test('declares proxy as sensitive', () => {
    const open = all.filter(({ path, meta }) => path.startsWith('proxy.') && !meta.sensitive);
    expect(open).toEqual([]);
  });

  test.each(all.map((entry) => [entry.path, entry] as const))(
    '%s: the summary is one line without a full stop',
    (_, entry) => {
      expect(entry.meta.summary).toMatch(/^[A-Z][^\n]*[^.\n]$/);
      expect(entry.meta.description).toMatch(/\.$/);
    },
  );

  test.each(all.map((entry) => [entry.path, entry] as const))(
    '%s: both schemas convert to JSON Schema',
    (_, entry) => {
      for (const [schema, io] of [
        [entry.input, 'input'],
        [entry.output, 'output'],
      ] as const) {
        const converted = toJsonSchema(schema, io);
        expect(converted.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
        expect(JSON.parse(JSON.stringify(converted))).toEqual(converted);
      }
    },
  );
});

describe('a type that JSON does not have, as JSON Schema', () => {
  const date = { type: 'string', format: 'date-time', 'x-superjson': 'Date' };

  test.each(['input', 'output'] as const)('is the type of its JSON value, with x-superjson (%s)', (io) => {
    const converted = toJsonSchema(
      z.object({
        plain: z.date(),
        maybe: z.date().nullable(),
        list: z.array(z.date()),
        read: z.coerce.date(),
        set: z.set(z.date()),
        map: z.map(z.string(), z.bigint()),
        nothing: z.void(),
      }),
      io,
    );
    expect(converted.properties).toMatchObject({
      plain: date,
      maybe: { anyOf: [date, { type: 'null' }] },
      list: { type: 'array', items: date },
      read: date,
      set: { type: 'array', items: date, 'x-superjson': 'set' },
      map: {
        type: 'array',
        items: {
          type: 'array',
          prefixItems: [{ type: 'string' }, { type: 'string', 'x-superjson': 'bigint' }],
        },
        'x-superjson': 'map',
      },
      nothing: { type: 'null', 'x-superjson': 'undefined' },
    });
  });

  test('is marked in an output', () => {
    const reading = procedures.get('fixture.reading');
    if (!reading) throw new Error('fixture.reading does not exist');
    const text = JSON.stringify(toJsonSchema(reading.output, 'output'));
    expect(text.match(/"format":"date-time","x-superjson":"Date"/g)).toHaveLength(2);
  });

  test('objects of an output are open, those of an input are as declared', () => {
    expect(toJsonSchema(ok, 'output')).not.toHaveProperty('additionalProperties');
    expect(toJsonSchema(z.strictObject({}), 'input')).toMatchObject({ additionalProperties: false });
  });
});
