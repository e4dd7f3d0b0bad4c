import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { publicQueries } from '#client/public-queries.ts';
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
  test('are all procedures, by names that every client takes', () => {
    expect([...tools.values()].map(({ entry }) => entry.path).sort()).toEqual([...procedures.keys()].sort());
    for (const name of tools.keys()) expect(name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
  });

  test('take an object, whatever the procedure takes', () => {
    for (const { tool } of tools.values()) expect(tool.inputSchema.type, tool.name).toBe('object');
  });

  test('open to anyone are the public queries, and no other', () => {
    const open = [...tools.values()].filter(({ entry }) => isOpen(entry)).map(({ tool }) => tool.name);
    expect(open.sort()).toEqual(publicQueries.map((path) => path.replace('.', '_')).sort());
  });

  test('of one name stop the start', () => {
    const entries = readProcedures(router({ a: router({ b_c: query }), a_b: router({ c: query }) }));
    expect(() => toolsOf(entries.values())).toThrow('a_b.c and a.b_c would be one tool');
  });
});

describe('values that JSON does not have', () => {
  test('leave as the nearest that it has', () => {
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

  test('come as ISO 8601 strings where the schema wants a date, and nowhere else', () => {
    const until = '2026-03-01T12:00:00+01:00';
    const input = { from: '2026-03-01', spans: [{ until, note: until }] };
    expect(schema.parse(withDates(schema, input))).toEqual({
      from: new Date('2026-03-01'),
      spans: [{ until: new Date(until), note: until }],
    });
    expect(input.spans[0]?.until).toBe(until);
  });

  test.each(['yesterday', '2026', '2026-03-01T12:00', 1772366400000, null])('a date is not %j', (from) => {
    expect(withDates(schema, { from, spans: [] })).toEqual({ from, spans: [] });
  });

  test('a date that no calendar has is refused by the schema', () => {
    expect(schema.safeParse(withDates(schema, { from: '2026-13-45', spans: [] })).success).toBe(false);
  });
});
