import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { HttpError } from '#server/http/http-error.ts';
import { toPlainJson, withDates } from '#server/mcp/json-values.ts';
import { requireSignIn } from '#server/mcp/require-sign-in.ts';
import { isOfferedTo, isOpen, tools, toolsOf } from '#server/mcp/tools.ts';
import type { Principal } from '#server/principal.ts';
import { publicProcedure, router, userProcedure } from '#server/trpc/init.ts';
import { procedures, readProcedures } from '#server/trpc/procedure-registry.ts';

const meta = { summary: 's', description: 'd', sensitive: false, rateLimit: 'light' } as const;
const query = publicProcedure(meta)
  .input(z.void())
  .output(z.null())
  .query(() => null);

describe('tools', () => {
  test('are all queries and mutations that take no file, under names that all clients accept', () => {
    const called = [...procedures.values()].filter(
      ({ type, meta }) => type !== 'subscription' && !meta.upload,
    );
    expect([...tools.values()].map(({ entry }) => entry.path).sort()).toEqual(
      called.map(({ path }) => path).sort(),
    );
    for (const name of tools.keys()) expect(name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
  });

  test('take an object, regardless of the input of the procedure', () => {
    for (const { tool } of tools.values()) expect(tool.inputSchema.type, tool.name).toBe('object');
  });

  test('that anyone may use are the queries without a scope', () => {
    const open = [...tools.values()].filter(({ entry }) => isOpen(entry)).map(({ tool }) => tool.name);
    const expected = [
      'email_status',
      'fixture_reading',
      'fixture_request',
      'fixture_search',
      'proxy_endpoints',
      'proxy_items_item',
      'proxy_items_versions',
      'proxy_status',
    ];
    expect(open).toEqual(expect.arrayContaining(expected));
    const never = /^(?:account|mail|session|proxy_drafts)_|_(?:add|body|render|send)$/;
    expect(open.filter((name) => never.test(name))).toEqual([]);
  });

  test('with the same name fail the start', () => {
    const entries = readProcedures(router({ a: router({ b_c: query }), a_b: router({ c: query }) }));
    expect(() => toolsOf(entries.values())).toThrow('a_b.c and a.b_c have the same tool name');
  });
});

describe('a tool for users', () => {
  const env = { OIDC_ISSUER: 'https://id.example.org', SITE_URL: 'https://example.org' };
  const entries = readProcedures(
    router({
      open: query,
      mutation: publicProcedure(meta)
        .input(z.void())
        .output(z.null())
        .mutation(() => null),
      scoped: userProcedure({ ...meta, sensitive: true, user: { scopes: ['a', 'b'] } })
        .input(z.void())
        .output(z.null())
        .query(() => null),
      browser: userProcedure({ ...meta, sensitive: true, user: { session: true } })
        .input(z.void())
        .output(z.null())
        .query(() => null),
    }),
  );
  const user = { id: 'ada', name: null, email: null, roles: [], authenticationAge: 0, session: null };
  const visitor: Principal = { kind: 'visitor', key: '203.0.113.7' };
  const withScopes = (...scopes: string[]): Principal => ({ kind: 'user', user: { ...user, scopes } });
  const challengeOf = (
    path: string,
    principal: Principal,
    settings: Parameters<typeof requireSignIn>[2] = env,
  ) => {
    const entry = entries.get(path);
    if (!entry) throw new Error(`no procedure ${path}`);
    try {
      requireSignIn(entry, principal, settings);
      return undefined;
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      return [error.httpStatus, error.headers['www-authenticate']];
    }
  };
  const metadata = 'resource_metadata="https://example.org/.well-known/oauth-protected-resource/mcp"';

  test.each<[string, Principal, unknown]>([
    ['open', visitor, undefined],
    ['mutation', visitor, [401, `Bearer realm="typed-bff", ${metadata}`]],
    ['scoped', visitor, [401, `Bearer realm="typed-bff", scope="a b", ${metadata}`]],
    ['browser', visitor, undefined],
    ['mutation', withScopes(), undefined],
    ['scoped', withScopes('a', 'b', 'c'), undefined],
    [
      'scoped',
      withScopes('a'),
      [403, `Bearer realm="typed-bff", error="insufficient_scope", scope="a b", ${metadata}`],
    ],
    ['scoped', { kind: 'service', name: 's', scopes: [] }, undefined],
  ])('%s, called by %j, is challenged with %j', (path, principal, challenge) => {
    expect(challengeOf(path, principal)).toEqual(challenge);
  });

  test('is not challenged where sign-in is off', () => {
    expect(
      challengeOf('scoped', visitor, { OIDC_ISSUER: undefined, SITE_URL: env.SITE_URL }),
    ).toBeUndefined();
  });

  test.each<[Principal, boolean, string[]]>([
    [visitor, false, ['open']],
    [visitor, true, ['mutation', 'open', 'scoped']],
    [withScopes(), true, ['mutation', 'open', 'scoped']],
    [{ kind: 'service', name: 's', scopes: [] }, true, ['mutation', 'open']],
  ])('is offered to %j, where users can sign in: %j', (principal, canSignIn, offered) => {
    const paths = [...entries.values()].filter((entry) => isOfferedTo(principal, entry, canSignIn));
    expect(paths.map(({ path }) => path).sort()).toEqual(offered);
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
