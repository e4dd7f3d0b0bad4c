import { parse as parseYaml, YAMLParseError } from 'yaml';
import { z } from 'zod';
import { absoluteUri } from './ids.ts';

const day = z
  .union(
    [z.iso.date(), z.iso.datetime({ offset: true })],
    'must be a day like 2026-11-20 or a time like 2026-11-20T10:00:00Z',
  )
  .transform((value) => new Date(value));

const frontMatterSchema = z
  .strictObject({
    title: z.string().trim().min(1, 'must not be empty'),
    date: day,
    summary: z.string().trim().min(1, 'must not be empty'),
    tags: z.array(z.string().trim().min(1)).default([]),
    updated: day.optional(),
    /** Drafts are shown only in development. */
    draft: z.boolean().default(false),
    /** The previous id of a post that has moved. */
    id: z.string().regex(absoluteUri, 'must be a URI, such as its previous tag: URI').optional(),
  })
  .refine(({ date, updated }) => !updated || updated >= date, {
    path: ['updated'],
    error: 'must not be before date',
  });

export type FrontMatter = z.infer<typeof frontMatterSchema>;

/** A post is invalid. The message names the file and lists every problem. */
export class PostError extends Error {
  override readonly name = 'PostError';

  constructor(file: string, problems: readonly string[]) {
    super(`${file} is invalid: ${problems.join('; ')}`);
  }
}

/**
 * Splits a post into its YAML front matter (between two lines of `---`) and its Markdown.
 *
 * @param file the name used in error messages
 * @throws PostError
 */
export function parsePost(file: string, source: string): { frontMatter: FrontMatter; markdown: string } {
  const match = /^\uFEFF?---[ \t]*\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/.exec(source);
  if (!match) throw new PostError(file, ['it must start with front matter between two lines of ---']);
  const result = frontMatterSchema.safeParse(readYaml(file, match[1] ?? ''));
  if (!result.success) {
    throw new PostError(
      file,
      result.error.issues.map((issue) => `${issue.path.join('.') || 'front matter'}: ${issue.message}`),
    );
  }
  return { frontMatter: result.data, markdown: source.slice(match[0].length) };
}

function readYaml(file: string, yaml: string): unknown {
  try {
    return parseYaml(yaml);
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    throw new PostError(file, [`front matter: ${error.message.split('\n', 1)[0] ?? 'not YAML'}`]);
  }
}
