import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import superjson from 'superjson';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type CatalogEntry, catalog, describeProcedure } from '#server/catalog/catalog.ts';
import { callingGuide } from '#server/catalog/docs/calling-guide.ts';
import { docsIndex } from '#server/catalog/docs/docs-index.ts';
import { llmsFullText, llmsText } from '#server/catalog/docs/llms.ts';
import { literalOf } from '#server/catalog/docs/snippets.ts';
import { parseEnv } from '#server/config/env.ts';
import { limits } from '#server/config/limits.ts';
import { renderMarkdown } from '#server/lib/markdown.ts';
import { publicProcedure, router } from '#server/trpc/init.ts';
import { procedures, readProcedures } from '#server/trpc/procedure-registry.ts';

const entries = catalog(parseEnv({}).RATE_LIMITS);

function entryOf(path: string): CatalogEntry {
  const entry = entries.find((other) => other.path === path);
  if (!entry) throw new Error(`${path} is not in the catalog`);
  return entry;
}

const reasonsOf = (path: string) => entryOf(path).errors.map(({ reason }) => reason);

describe('the catalog', () => {
  test('has all procedures in order', () => {
    expect(entries.map(({ path }) => path)).toEqual([...procedures.keys()]);
  });

  test.each(entries.map((entry) => [entry.path, entry] as const))(
    '%s: its examples match both schemas of its input, and survive a round trip',
    (_, { input, examples }) => {
      expect(examples.length > 0).toBe(input !== null);
      const ajv = addFormats.default(new Ajv2020({ strict: false }));
      for (const { value, wire } of examples) {
        const sent: unknown = JSON.parse(JSON.stringify(wire));
        expect(ajv.validate(input?.wire ?? false, sent), ajv.errorsText()).toBe(true);
        expect(ajv.validate(input?.value ?? false, wire.json), ajv.errorsText()).toBe(true);
        expect(superjson.deserialize(JSON.parse(JSON.stringify(wire)))).toEqual(value);
      }
    },
  );

  test('has the possible errors of each procedure', () => {
    for (const { path } of entries) {
      expect(reasonsOf(path), path).toEqual(
        expect.arrayContaining(['invalid_input', 'unauthorized', 'rate_limited', 'internal']),
      );
    }
    expect(reasonsOf('fixture.reading')).toEqual(
      expect.arrayContaining(['cross_origin', 'upstream_timeout', 'upstream_refused']),
    );
    expect(reasonsOf('proxy.items.item')).toContain('not_found');
    expect(reasonsOf('email.send')).toEqual(
      expect.arrayContaining(['idempotency_conflict', 'mail_unavailable']),
    );
    expect(reasonsOf('mail.list')).toContain('forbidden');
    for (const reason of ['forbidden', 'cross_origin', 'not_found', 'upstream_timeout', 'mail_unavailable']) {
      expect(reasonsOf('fixture.request')).not.toContain(reason);
    }
  });

  test('has the configured limits', () => {
    expect(entryOf('email.send').limits).toEqual({
      rateLimit: { class: 'mail', points: 5, windowSeconds: 3600 },
      jsonBodyBytes: limits.jsonBodyBytes,
      formBodyBytes: limits.formBodyBytes,
      queryBytes: null,
      batchSize: limits.batchSize,
    });
    const [first] = catalog(parseEnv({ RATE_LIMITS: 'light=7/8' }).RATE_LIMITS);
    expect(first?.limits).toMatchObject({
      rateLimit: { class: 'light', points: 7, windowSeconds: 8 },
      formBodyBytes: null,
    });
  });

  test('has the methods, the scope and the sensitivity', () => {
    expect(entryOf('fixture.request')).toMatchObject({
      methods: ['GET', 'POST'],
      sensitive: false,
      scope: null,
    });
    expect(entryOf('fixture.search')).toMatchObject({ methods: ['POST'], sensitive: true, scope: null });
    expect(entryOf('mail.get')).toMatchObject({ methods: ['POST'], scope: 'mail' });
    expect(entryOf('fixture.request').input).toBeNull();
  });
});

describe('the guides', () => {
  const siteUrl = 'https://bff.example';
  const guides = [llmsText, llmsFullText, callingGuide, docsIndex] as const;

  test("show only procedures that the router has: a clone may have removed the product's own", () => {
    const orders = publicProcedure({ summary: 's', description: 'd', sensitive: true, rateLimit: 'light' })
      .input(z.strictObject({ year: z.int() }).meta({ examples: [{ year: 2026 }] }))
      .output(z.strictObject({ count: z.int() }))
      .query(() => ({ count: 0 }));
    const [entry] = readProcedures(router({ shop: router({ orders }) })).values();
    if (!entry) throw new Error('the router is empty');
    const other = [describeProcedure(entry, parseEnv({}).RATE_LIMITS)];
    const names = [...procedures.keys()];
    for (const guide of guides) {
      const text = guide(other, siteUrl);
      expect(names.filter((name) => text.includes(name))).toEqual([]);
      expect(text).toContain('shop.orders');
    }
    const guide = callingGuide(other, siteUrl);
    expect(guide).toContain(`curl '${siteUrl}/api/trpc/shop.orders' `);
    expect(guide).toContain(
      `/shop.orders,shop.orders?batch=1' -H 'content-type: application/json' -d '{"0":{"json":{"year":2026}},"1":{"json":{"year":2026}}}'`,
    );
    expect(guide).toContain('"path": "shop.orders"');
    expect(guide).toContain('"fieldErrors": { "year"');
  });

  test('name the queries that accept only POST as code, which Markdown does not read as emphasis', () => {
    const guide = callingGuide(entries, siteUrl);
    expect(guide).toContain('`fixture.reading`');
    const html = renderMarkdown(guide, { siteUrl, documentUrl: siteUrl, sameSiteLinks: 'from root' });
    expect(html).not.toContain('<em>');
  });
});

test('every URL in the texts is below SITE_URL', () => {
  const siteUrl = 'https://bff.example/prefix';
  const texts = [llmsText(entries, siteUrl), llmsFullText(entries, siteUrl)];
  for (const text of texts) {
    const urls = text.match(/https?:\/\/[^\s)'"`<]+/g) ?? [];
    // The URLs of JSON Schema's dialect are not the product's.
    const ours = urls.filter((url) => !url.startsWith('https://json-schema.org/'));
    expect(ours.length).toBeGreaterThan(15);
    expect(ours.filter((url) => !url.startsWith(siteUrl))).toEqual([]);
  }
});

test('a value is formatted as TypeScript', () => {
  const value = {
    at: new Date(0),
    'a-key': [1n, null, 'it’s', undefined],
    set: new Set([true]),
    map: new Map([['k', 1]]),
  };
  expect(literalOf(value)).toBe(
    `{ at: new Date('1970-01-01T00:00:00.000Z'), "a-key": [1n, null, "it’s", undefined], set: new Set([true]), map: new Map([["k", 1]]) }`,
  );
});
