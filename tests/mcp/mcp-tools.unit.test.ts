import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { toPlainJson, withDates } from '#server/mcp/json-values.ts';
import { isOpen, tools, toolsOf } from '#server/mcp/tools.ts';
import { publicProcedure, router } from '#server/trpc/init.ts';
import { procedures, readProcedures } from '#server/trpc/procedure-registry.ts';

const meta = { summary: 's', description: 'd', sensitive: false, rateLimit: 'light' } as const;
const query = publicProcedure(meta)
  .input(z.void())
  .output(z.null())
  .query(() => null);

describe('tools', () => {
  test('are all procedures, under names that all clients accept', () => {
    expect([...tools.values()].map(({ entry }) => entry.path).sort()).toEqual([...procedures.keys()].sort());
    for (const name of tools.keys()) expect(name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
  });

  test('take an object, regardless of the input of the procedure', () => {
    for (const { tool } of tools.values()) expect(tool.inputSchema.type, tool.name).toBe('object');
  });

  test('that anyone may use are the queries without a scope', () => {
    const open = [...tools.values()].filter(({ entry }) => isOpen(entry)).map(({ tool }) => tool.name);
    expect(open.sort()).toEqual([
      'echo_request',
      'email_status',
      'proxy_endpoints',
      'proxy_github_releases',
      'proxy_github_repository',
      'proxy_status',
      'weather_forecast',
      'weather_places',
    ]);
  });

  test('with the same name fail the start', () => {
    const entries = readProcedures(router({ a: router({ b_c: query }), a_b: router({ c: query }) }));
    expect(() => toolsOf(entries.values())).toThrow('a_b.c and a.b_c have the same tool name');
  });
});

describe('values that JSON does not have', () => {
  test('are converted to the nearest JSON value', () => {
    const value = {
      when: new Date('2026-03-01T12:00:00Z'),
      big: 2n ** 64n,
      tags: new Set(['a']),
      counts: new Map([['a', 1n]]),
      nothing: undefined,
      none: null,
    };
    expect(toPlainJson(value)).toEqual({
      when: '2026-03-01T12:00:00.000Z',
      big: '18446744073709551616',
      tags: ['a'],
      counts: [['a', '1']],
      none: null,
    });
    expect(toPlainJson(undefined)).toBeNull();
  });

  const schema = z.object({
    from: z.date().optional(),
    spans: z.array(z.object({ until: z.date(), note: z.string() })),
  });

  test('are read from ISO 8601 strings only if the schema expects a date', () => {
    const until = '2026-03-01T12:00:00+01:00';
    const input = { from: '2026-03-01', spans: [{ until, note: until }] };
    expect(schema.parse(withDates(schema, input))).toEqual({
      from: new Date('2026-03-01'),
      spans: [{ until: new Date(until), note: until }],
    });
    expect(input.spans[0]?.until).toBe(until);
  });

  test.each(['yesterday', '2026', '2026-03-01T12:00', 1772366400000, null])(
    '%j is not read as a date',
    (from) => {
      expect(withDates(schema, { from, spans: [] })).toEqual({ from, spans: [] });
    },
  );

  test('an impossible date is rejected by the schema', () => {
    expect(schema.safeParse(withDates(schema, { from: '2026-13-45', spans: [] })).success).toBe(false);
  });
});
