import { z } from 'zod';
import { parseDate } from './date.ts';

/** The front matter of a post. Every field can be missing. */
export type PostFields = {
  title: string | undefined;
  date: Date | undefined;
  updated: Date | undefined;
  summary: string | undefined;
  tags: string[];
  draft: boolean;
  /** The previous id of a post that has moved. */
  id: string | undefined;
};

/** The names of each field in Jekyll, Hugo, Eleventy, Astro, Gatsby and the Tailwind starter, by preference. */
const names = {
  // A date of publication comes before a date of writing: the post must not appear earlier.
  date: ['publishDate', 'pubDate', 'pubDatetime', 'publishedAt', 'published', 'date', 'created'],
  updated: [
    'updated',
    'lastmod',
    'lastModified',
    'lastModifiedAt',
    'updatedDate',
    'updatedAt',
    'modDatetime',
  ],
  summary: ['summary', 'description', 'excerpt', 'spoiler'],
} as const;

const text = z
  .union([z.string(), z.number(), z.boolean()], 'must be text')
  .transform((value) => String(value).replace(/\s+/g, ' ').trim());

const date = z.union([z.string(), z.date()], 'must be a date').transform((value, context) => {
  const parsed = parseDate(typeof value === 'string' ? value : value.toISOString());
  if (parsed) return parsed;
  context.addIssue('must be a day like 2026-11-20 or a time like 2026-11-20T10:00:00Z');
  return z.NEVER;
});

const flag = z.union(
  [z.boolean(), z.enum(['true', 'false']).transform((value) => value === 'true')],
  'must be true or false',
);

/** A list, or as in Jekyll a text with commas or spaces. */
const list = z.union([
  z.array(text.catch('')),
  z.string().transform((value) => {
    return value.includes(',') ? value.split(',').map((element) => element.trim()) : value.split(/\s+/);
  }),
]);

/** Reads the fields of a front matter. Names are compared without case, hyphens and underscores. */
export function readPostFields(data: Record<string, unknown>): PostFields & { problems: string[] } {
  const entries = new Map(Object.entries(data).map(([name, value]) => [canonical(name), { name, value }]));
  const problems: string[] = [];

  function read<T>(schema: z.ZodType<T>, ...candidates: readonly string[]): T | undefined {
    for (const candidate of candidates) {
      const { name, value } = entries.get(canonical(candidate)) ?? {};
      if (value === undefined || value === null || value === '') continue;
      const result = schema.safeParse(value);
      if (result.success) return result.data;
      problems.push(`${name}: ${result.error.issues[0]?.message ?? 'is invalid'}`);
    }
    return undefined;
  }

  // In Jekyll `published` is a flag.
  const published = z.boolean().safeParse(entries.get('published')?.value).data;
  if (published !== undefined) entries.delete('published');
  const optionalText = text.optional().catch(undefined);
  const optionalList = list.catch([]);
  const tags = [
    ...(read(optionalList, 'tags') ?? []),
    ...(read(optionalList, 'categories') ?? []),
    ...['tag', 'category'].map((name) => read(optionalText, name) ?? ''),
  ];
  return {
    title: read(text, 'title'),
    date: read(date, ...names.date),
    updated: read(date, ...names.updated),
    summary: names.summary.map((name) => read(optionalText, name)).find((summary) => summary),
    tags: [...new Set(tags.filter((tag) => tag !== ''))],
    draft: read(flag, 'draft') === true || published === false,
    id: read(text, 'id'),
    problems,
  };
}

function canonical(name: string): string {
  return name.toLowerCase().replace(/[_-]/g, '');
}
