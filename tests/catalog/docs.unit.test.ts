import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type CatalogEntry, describeProcedure } from '#server/catalog/catalog.ts';
import { callingGuide } from '#server/catalog/docs/calling-guide.ts';
import { docsIndex } from '#server/catalog/docs/docs-index.ts';
import { markdownPathOf } from '#server/catalog/docs/docs-pages.ts';
import { llmsFullText, llmsText } from '#server/catalog/docs/llms.ts';
import { procedurePage, procedureText } from '#server/catalog/docs/procedure-page.ts';
import { curlLinesOf, curlOf, literalOf, shellQuote, typescriptOf } from '#server/catalog/docs/snippets.ts';
import { parseEnv } from '#server/config/env.ts';
import { limits } from '#server/config/limits.ts';
import { publicProcedure, router } from '#server/trpc/init.ts';
import type { ProcedureMeta } from '#server/trpc/procedure-meta.ts';
import { readProcedures } from '#server/trpc/procedure-registry.ts';

const siteUrl = 'https://bff.example';
const meta: ProcedureMeta = {
  summary: 'All things',
  description: 'Lists them.',
  sensitive: false,
  rateLimit: 'light',
};
const input = z.strictObject({ name: z.string() }).meta({ examples: [{ name: "it's" }, { name: 'b' }] });

/** Describes a procedure with the path `shop.things`. */
function entryOf(
  own: Partial<ProcedureMeta> = {},
  part: { input?: z.ZodType; type?: 'query' | 'mutation' } = {},
): CatalogEntry {
  const start = publicProcedure({ ...meta, ...own })
    .input(part.input ?? input)
    .output(z.object({ count: z.int() }));
  const things =
    part.type === 'mutation' ? start.mutation(() => ({ count: 0 })) : start.query(() => ({ count: 0 }));
  const [entry] = readProcedures(router({ shop: router({ things }) })).values();
  if (!entry) throw new Error('the router is empty');
  return describeProcedure(entry, parseEnv({}).RATE_LIMITS);
}

const sensitive = entryOf({ sensitive: true });
const scoped = entryOf({ scope: 'shop' }, { type: 'mutation' });
const empty = entryOf({}, { input: z.void() });

describe('the curl command of a call', () => {
  const url = `${siteUrl}/api/trpc/shop.things`;
  const body = `{"json":{"name":"it'\\''s"}}`;

  test('has the input in the URL if GET is allowed', () => {
    expect(curlOf(entryOf(), siteUrl)).toBe(
      `curl '${url}?input=${encodeURIComponent(`{"json":{"name":"it's"}}`).replace("'", `'\\''`)}'`,
    );
  });

  test('has no input if there is none', () => {
    expect(curlOf(empty, siteUrl)).toBe(`curl '${url}'`);
    expect(curlOf({ ...empty, methods: ['POST'] }, siteUrl)).toBe(
      `curl '${url}' -H 'content-type: application/json' -d '{}'`,
    );
  });

  test('has the input in the body otherwise', () => {
    expect(curlOf(sensitive, siteUrl)).toBe(`curl '${url}' -H 'content-type: application/json' -d '${body}'`);
  });

  test('reads the key from the environment if one is required', () => {
    expect(curlOf(scoped, siteUrl)).toBe(
      `curl '${url}' -H "authorization: Bearer $BFF_KEY" -H 'content-type: application/json' -d '${body}'`,
    );
  });
});

test('the curl command can have a line for each option', () => {
  const lines = curlLinesOf(scoped, siteUrl).split('\n');
  expect(lines).toHaveLength(4);
  expect(lines[1]).toBe('  -H "authorization: Bearer $BFF_KEY" \\');
  expect(curlLinesOf(scoped, siteUrl).replaceAll(' \\\n  ', ' ')).toBe(curlOf(scoped, siteUrl));
});

describe('the TypeScript of a call', () => {
  test.each<[string, CatalogEntry, string, string]>([
    ['a query', entryOf(), '', `query({ name: "it's" })`],
    [
      'a mutation with a key',
      scoped,
      ", headers: () => ({ authorization: 'Bearer ' + process.env.BFF_KEY })",
      `mutate({ name: "it's" })`,
    ],
    ['a query without input', empty, '', 'query()'],
  ])('of %s', (_, entry, options, call) => {
    const lines = typescriptOf(entry, siteUrl).split('\n');
    expect(lines.slice(2)).toEqual([
      `const api = createScriptClient({ baseUrl: '${siteUrl}'${options} });`,
      `const result = await api.shop.things.${call};`,
    ]);
  });
});

test.each([
  ['{ a1: 1, $b: 2, _c: 3, "1d": 4, "e f": 5 }', { a1: 1, $b: 2, _c: 3, '1d': 4, 'e f': 5 }],
  ['[]', []],
  ['12n', 12n],
  ['null', null],
  ['undefined', undefined],
  ['"a\\"b"', 'a"b'],
])('%s is the TypeScript of its value', (literal, value) => {
  expect(literalOf(value)).toBe(literal);
});

test('a text is quoted for a shell, whatever it contains', () => {
  expect(shellQuote(`a'b"c$d'`)).toBe(`'a'\\''b"c$d'\\'''`);
});

test.each([
  ['/docs', '/docs/index.md'],
  ['/docs/calling', '/docs/calling.md'],
  ['/docs/fixture.body', '/docs/procedures/fixture.body.md'],
  ['/docs/echo', undefined],
  ['/docs/', undefined],
])('the Markdown of %s is at %s', (page, path) => {
  expect(markdownPathOf(page)).toBe(path);
});

describe('the page of a procedure', () => {
  test('has its facts and limits', () => {
    const text = procedurePage(entryOf(), siteUrl);
    expect(text).toMatch(
      /^# shop\.things\n\n> All things\n\nLists them\.\n\n- Type: query, called with GET or POST\n\n## Input\n/,
    );
    expect(text).toContain(`- Query of the URL: up to ${limits.queryBytes / 1024} KB\n`);
    expect(text).toContain(`- Batch: up to ${limits.batchSize} calls\n`);
    expect(text).toMatch(/- \d+ calls in \d+ seconds per client \(class `light`\)/);
    expect(text).toContain(`- Body: JSON up to ${limits.jsonBodyBytes / 1024} KB\n`);
    expect(text).not.toMatch(/scope|No URL, log|multipart/);
  });

  test('tells that a sensitive one has no URL', () => {
    const text = procedurePage(sensitive, siteUrl);
    expect(text).toContain(
      '- Type: query, called with POST\n- No URL, log or cache contains the input or the output\n',
    );
    expect(text).not.toContain('Query of the URL');
  });

  test('tells the scope, and the size of a form', () => {
    const text = procedurePage(entryOf({ scope: 'shop', form: true }, { type: 'mutation' }), siteUrl);
    expect(text).toContain('- Requires a service key with the scope `shop`\n');
    expect(text).toContain(`multipart form with the same fields up to ${limits.formBodyBytes / 1024} KB\n`);
  });

  test('has every example and error, and both calls', () => {
    const text = procedurePage(entryOf({ errors: ['not_found'] }), siteUrl);
    const examples = text.slice(text.indexOf('## Examples'), text.indexOf('## Errors'));
    expect(examples.match(/"name": "/g)).toHaveLength(2);
    expect(text).toContain('- `not_found` (404): Not found.\n');
    expect(text).toContain('```sh\ncurl ');
    expect(text).toContain('```ts\nimport ');
  });

  test('of a procedure without input says so', () => {
    const text = procedurePage(empty, siteUrl);
    expect(text).toContain('## Input\n\nNone.\n');
    expect(text).toContain('## Examples\n\nNone, because the procedure has no input.\n');
  });

  test('can be a part of a longer document', () => {
    const headings = procedureText(entryOf(), siteUrl, '###').match(/^#+ .*/gm);
    expect(headings).toEqual(
      ['Input', 'Output', 'Examples', 'Errors', 'Limits', 'curl', 'TypeScript'].map(
        (title) => `### ${title}`,
      ),
    );
  });
});

describe('the index of the documentation', () => {
  test('groups the procedures by namespace', () => {
    const other = { ...entryOf(), path: 'shop.admin.reset' };
    const text = docsIndex([entryOf(), other, { ...entryOf(), path: 'shop.more' }], siteUrl);
    expect(text.match(/^(?:## .*|- \[[^\]]*\])/gm)).toEqual([
      '## shop',
      '- [shop.things]',
      '- [shop.more]',
      '## shop.admin',
      '- [shop.admin.reset]',
    ]);
  });

  test.each<[CatalogEntry, string]>([
    [entryOf(), '(query)'],
    [sensitive, '(query, POST only)'],
    [scoped, '(mutation, key with scope shop)'],
    [entryOf({ sensitive: true }, { type: 'mutation' }), '(mutation)'],
  ])('tells how each is called', (entry, facts) => {
    expect(docsIndex([entry], siteUrl)).toContain(
      `- [shop.things](${siteUrl}/docs/procedures/shop.things.md) ${facts}: All things`,
    );
  });
});

describe('the guides', () => {
  test('prefer an example that anyone can call, and of these a query', () => {
    const order = (entries: CatalogEntry[]) => callingGuide(entries, siteUrl).match(/curl '[^'?]*/)?.[0];
    const mutation = { ...entryOf({}, { type: 'mutation' }), path: 'shop.change' };
    const query = { ...sensitive, path: 'shop.search' };
    expect(order([scoped, mutation, query])).toBe(`curl '${siteUrl}/api/trpc/shop.search`);
    expect(order([scoped, mutation])).toBe(`curl '${siteUrl}/api/trpc/shop.things`);
    expect(order([query, { ...mutation, path: 'fixture.body', returnsInput: true }])).toBe(
      `curl '${siteUrl}/api/trpc/fixture.body`,
    );
  });

  test('name the queries that are POST only', () => {
    const named = (entries: CatalogEntry[]) =>
      /accept only POST: (.*?)\. A GET/.exec(callingGuide(entries, siteUrl))?.[1];
    const open = { ...entryOf(), path: 'shop.open' };
    expect(named([entryOf()])).toBeUndefined();
    expect(named([sensitive])).toBe('`shop.*`');
    expect(named([sensitive, open])).toBe('`shop.things`');
    expect(named([sensitive, { ...sensitive, path: 'mail.list' }, scoped])).toBe('`shop.*`, `mail.*`');
  });

  test('list each class of limits once', () => {
    const text = callingGuide([entryOf(), sensitive, entryOf({ rateLimit: 'mail' })], siteUrl);
    expect(text.match(/^\| `(?:light|mail|upstream)` \|/gm)).toEqual(['| `light` |', '| `mail` |']);
  });

  test('mention raw endpoints only if there is a procedure that lists them', () => {
    const lists = { ...entryOf(), path: 'proxy.endpoints' };
    for (const guide of [callingGuide, llmsText]) {
      expect(guide([entryOf()], siteUrl)).not.toContain('/api/raw');
      expect(guide([lists], siteUrl)).toContain('/api/raw');
    }
  });

  test('link the page of every procedure, or contain it', () => {
    expect(llmsText([entryOf()], siteUrl)).toContain(
      `- [shop.things](${siteUrl}/docs/procedures/shop.things.md): All things`,
    );
    const full = llmsFullText([entryOf(), { ...entryOf(), path: 'mail.list' }], siteUrl);
    expect(full.match(/^## .*/gm)).toEqual(['## shop.things', '## mail.list']);
    expect(full).toContain('all procedures (shop, mail)');
    expect(full).toContain('All things.\n\nLists them.');
  });
});
