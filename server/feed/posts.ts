import { statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { z } from 'zod';
import { footnoteNumber, renderMarkdown } from '../lib/markdown.ts';
import { trimEnd } from '../lib/trim-end.ts';
import { type ParsedPost, parsePost } from './front-matter.ts';
import { tagUri } from './ids.ts';
import type { FeedItem } from './model.ts';
import { readPostFields } from './post-fields.ts';
import { defaultFolder, listPostFiles, readTextFile, slugOf, splitSlug } from './post-files.ts';
import { textOfHtml } from './sanitize.ts';
import { shorten } from './shorten.ts';

/** A post of the built-in feed: one Markdown file in `content/posts`. */
export type Post = {
  /** The permanent id in feeds. */
  id: string;
  /** The file's name without `.md`. */
  slug: string;
  url: string;
  title: string;
  summary: string;
  publishedAt: Date;
  updatedAt?: Date | undefined;
  tags: string[];
  /** HTML for pages of this site: links within the site start with `/`, so they work on any host. */
  pageHtml: string;
  /** HTML for feeds: every link is absolute. */
  feedHtml: string;
  /** The sources of the pictures on its page: absolute, or `/a.png` for those of this site. */
  images: string[];
};

/** A file that cannot be shown as a post. */
export type PostProblem = {
  /** Such as `content/posts/a.md`. */
  file: string;
  problems: string[];
};

export type Posts = {
  /** Newest first. */
  list(): Post[];
  get(slug: string): Post | undefined;
  /** The files that are left out of the list. */
  problems(): PostProblem[];
  /** Reads all files again. */
  reload(): void;
};

export type PostsOptions = {
  siteUrl: string;
  /** Reads a file again when it has changed (for development). Otherwise files are read once. */
  watch: boolean;
  /** Includes drafts. */
  drafts: boolean;
  /** Called for each file that is left out, once for the same problems. */
  onProblem?: (problem: PostProblem) => void;
  /** Defaults to `content/posts` in the working directory. */
  directory?: string | undefined;
};

/** Maximum length, in characters, of a summary derived from the first paragraph. */
const derivedSummaryLength = 200;

/**
 * Reads the posts of a folder on first use. A file that is no valid post is left out. Reading is deliberately
 * synchronous: the files are small and read once.
 */
export function createPosts(options: PostsOptions): Posts {
  const { siteUrl, watch, drafts, onProblem, directory: folder = defaultFolder } = options;
  const cache = new Map<string, { mtime: number; entry: Entry }>();
  let posts: { list: Post[]; problems: PostProblem[] } | undefined;

  function read(file: string): Entry {
    const path = join(/* turbopackIgnore: true */ folder, file);
    try {
      const mtime = statSync(/* turbopackIgnore: true */ path).mtimeMs;
      const cached = cache.get(file);
      if (cached?.mtime === mtime) return cached.entry;
      const entry = toPost(file, readTextFile(path), siteUrl);
      cache.set(file, { mtime, entry });
      return entry;
    } catch (error) {
      return { problems: [messageOf(error)] };
    }
  }

  function readAll() {
    const known = posts?.problems.map(describePostProblem) ?? [];
    const found = collect(listAll(), drafts);
    for (const problem of found.problems) {
      if (!known.includes(describePostProblem(problem))) onProblem?.(problem);
    }
    posts = found;
    return found;
  }

  function listAll(): FileEntry[] {
    try {
      return listPostFiles(folder).map((file) => ({ file: `content/posts/${file}`, ...read(file) }));
    } catch (error) {
      return [{ file: 'content/posts', problems: [messageOf(error)] }];
    }
  }

  const current = () => (posts && !watch ? posts : readAll());
  return {
    list: () => current().list,
    get: (slug) => current().list.find((post) => post.slug === slug),
    problems: () => current().problems,
    reload() {
      cache.clear();
      readAll();
    },
  };
}

export function describePostProblem({ file, problems }: PostProblem): string {
  return `${file} is left out: ${problems.join('; ')}`;
}

export function postToFeedItem(post: Post): FeedItem {
  return {
    id: post.id,
    url: post.url,
    title: post.title,
    summary: post.summary,
    contentHtml: post.feedHtml,
    publishedAt: post.publishedAt,
    updatedAt: post.updatedAt,
    categories: post.tags,
  };
}

type Entry = { post: Post; draft: boolean } | { problems: string[] };
type FileEntry = Entry & { file: string };

/** Sorts the posts. Of posts with the same name or id only one can be shown. */
function collect(entries: readonly FileEntry[], drafts: boolean) {
  const list: Post[] = [];
  const problems: PostProblem[] = [];
  const files = new Map<string, string>();
  for (const entry of entries) {
    if ('problems' in entry) {
      problems.push({ file: entry.file, problems: entry.problems });
      continue;
    }
    const { post, file, draft } = entry;
    if (draft && !drafts) continue;
    const other = files.get(post.slug) ?? files.get(post.id);
    if (other) {
      problems.push({ file, problems: [`has the same name or id as ${other}`] });
      continue;
    }
    files.set(post.slug, file).set(post.id, file);
    list.push(post);
  }
  list.sort((a, b) => b.publishedAt.getTime() - a.publishedAt.getTime() || (a.slug < b.slug ? -1 : 1));
  return { list, problems };
}

function toPost(file: string, source: string, siteUrl: string): Entry {
  const slug = slugOf(file);
  const { date: dateInName, words } = splitSlug(slug);
  if (extname(file).toLowerCase() === '.mdx') {
    return { problems: ['MDX is not supported: rename the file to .md if it is plain Markdown'] };
  }
  if (!/^[a-z\d]+(?:[-_]+[a-z\d]+)*$/i.test(slug)) {
    return { problems: ['the file name must be words of a to z and digits, joined by hyphens'] };
  }
  const parsed = parsePost(source) ?? withoutFrontMatter(source, dateInName);
  if ('problems' in parsed) return parsed;
  const { fields } = parsed;
  const publishedAt = fields.date ?? dateInName;
  if (!publishedAt) return { problems: ['date: is missing'] };
  const { heading, markdown } = fields.title
    ? { heading: '', markdown: parsed.markdown }
    : splitHeading(parsed.markdown);

  const url = `${siteUrl}/posts/${slug}`;
  const links = { siteUrl, documentUrl: url };
  const feedHtml = renderMarkdown(markdown, { ...links, sameSiteLinks: 'absolute' });
  const { updated } = fields;
  const pageHtml = renderMarkdown(markdown, { ...links, sameSiteLinks: 'from root' });
  const post: Post = {
    id: fields.id ?? tagUri(url, publishedAt),
    slug,
    url,
    title:
      fields.title ||
      textOfHtml(renderMarkdown(heading, { ...links, sameSiteLinks: 'absolute' })) ||
      words.charAt(0).toUpperCase() + words.slice(1),
    summary: fields.summary ?? summaryOf(feedHtml),
    publishedAt,
    ...(updated && updated > publishedAt ? { updatedAt: updated } : {}),
    tags: fields.tags,
    pageHtml,
    feedHtml,
    images: Array.from(pageHtml.matchAll(/<img src="([^"]*)"/g), ([, source = '']) => source),
  };
  return { post, draft: fields.draft };
}

/** A file that begins with its title and has its date in its name needs no front matter. */
function withoutFrontMatter(source: string, dateInName: Date | undefined): ParsedPost {
  if (dateInName && !/^(?:---|\+\+\+)/.test(source)) return { fields: readPostFields({}), markdown: source };
  return { problems: ['it must start with front matter between two lines of ---'] };
}

/** Splits off the first heading, which is the title of a post that has no other. */
function splitHeading(markdown: string): { heading: string; markdown: string } {
  const [line = '', heading = ''] = /^\s*#[ \t]+([^\n]+)(?:\n|$)/.exec(markdown) ?? [];
  return { heading: withoutClosingSequence(heading), markdown: markdown.slice(line.length) };
}

/** Removes the `##` after a space at the end of a heading: https://spec.commonmark.org/0.31.2/#closing-sequence */
function withoutClosingSequence(heading: string): string {
  const text = heading.trimEnd();
  const content = trimEnd(text, '#');
  return /[ \t]$/.test(content) ? content.trimEnd() : text;
}

/** Returns the beginning of the first paragraph with text, without the numbers of footnotes. */
function summaryOf(html: string): string {
  const paragraphs = html
    .replace(footnoteNumber, '')
    .split('</p>')
    .values()
    .filter((part) => part.includes('<p>'))
    .map((part) => textOfHtml(part.slice(part.indexOf('<p>'))));
  return shorten(paragraphs.find((paragraph) => paragraph !== '') ?? '', derivedSummaryLength);
}

function messageOf(error: unknown): string {
  const code = z.object({ code: z.string().regex(/^E[A-Z]+$/) }).safeParse(error).data?.code;
  if (code) return `cannot be read (${code})`;
  return error instanceof Error ? error.message : String(error);
}
