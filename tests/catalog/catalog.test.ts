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

describe('a forgotten part stops the start and names the procedure', () => {
  const sound = publicProcedure(meta).input(z.void()).output(ok).query(done);
  test.each([
    ['no meta', bare.router({ here: bare.procedure.input(z.void()).output(ok).query(done) })],
    [
      'half a meta',
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
    ['an input without example', router({ here: publicProcedure(meta).input(ok).output(ok).query(done) })],
    [
      'an example that its input refuses',
      router({
        here: publicProcedure(meta)
          .input(ok.meta({ examples: [{ ok: true }, { ok: 'yes' }] }))
          .output(ok)
          .query(done),
      }),
    ],
    [
      'an error that is not of the closed list',
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

  test('a sound one is read', () => {
    const entry = readProcedures(router({ deep: router({ here: sound }) })).get('deep.here');
    expect(entry).toMatchObject({ path: 'deep.here', type: 'query', meta });
    expect(entry?.output).toBe(ok);
  });
});

describe('the product', () => {
  const all = [...procedures.values()];

  test('every procedure of the router is in the catalog', () => {
    expect([...procedures.keys()].sort()).toEqual(Object.keys(appRouter._def.procedures).sort());
  });

  test('the procedures of the contract are there, of their kind', () => {
    const kinds = Object.fromEntries(all.map(({ path, type }) => [path, type]));
    expect(kinds).toMatchObject({
      'echo.body': 'mutation',
      'echo.request': 'query',
      'email.send': 'mutation',
      'email.status': 'query',
      'weather.forecast': 'query',
      'weather.places': 'query',
      'proxy.endpoints': 'query',
      'proxy.github.repository': 'query',
      'proxy.github.renderMarkdown': 'mutation',
    });
  });

  test('weather and proxy are sensitive', () => {
    const open = all.filter(({ path, meta }) => /^(weather|proxy)\./.test(path) && !meta.sensitive);
    expect(open).toEqual([]);
  });

  test.each(all.map((entry) => [entry.path, entry] as const))(
    '%s: a summary is one line without a full stop',
    (_, entry) => {
      expect(entry.meta.summary).toMatch(/^[A-Z][^\n]*[^.\n]$/);
      expect(entry.meta.description).toMatch(/\.$/);
    },
  );

  test.each(all.map((entry) => [entry.path, entry] as const))(
    '%s: both schemas can be written down',
    (_, entry) => {
      for (const [schema, io] of [
        [entry.input, 'input'],
        [entry.output, 'output'],
      ] as const) {
        const written = toJsonSchema(schema, io);
        expect(written.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
        expect(JSON.parse(JSON.stringify(written))).toEqual(written);
      }
    },
  );
});

describe('what JSON cannot say, as JSON Schema', () => {
  const date = { type: 'string', format: 'date-time', 'x-superjson': 'Date' };

  test.each(['input', 'output'] as const)('is a marked form that JSON has (%s)', (io) => {
    const written = toJsonSchema(
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
    expect(written.properties).toMatchObject({
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

  test('in the forecast', () => {
    const forecast = procedures.get('weather.forecast');
    if (!forecast) throw new Error('there is no weather.forecast');
    const written = JSON.stringify(toJsonSchema(forecast.output, 'output'));
    // current, hourly, sunrise, sunset, air quality, fetchedAt.
    expect(written.match(/"format":"date-time","x-superjson":"Date"/g)).toHaveLength(6);
  });

  test('objects of an output are open, those of an input as they are', () => {
    expect(toJsonSchema(ok, 'output')).not.toHaveProperty('additionalProperties');
    expect(toJsonSchema(z.strictObject({}), 'input')).toMatchObject({ additionalProperties: false });
  });
});
