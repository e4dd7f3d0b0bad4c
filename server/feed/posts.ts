import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { renderMarkdown } from '../lib/markdown.ts';
import { PostError, parsePost } from './front-matter.ts';
import { tagUri } from './ids.ts';
import type { FeedItem } from './model.ts';

/** A post of the built-in feed: one Markdown file in `content/posts`. */
export type Post = {
  /** What feeds call it for ever. */
  id: string;
  /** The file's name without `.md`. */
  slug: string;
  url: string;
  title: string;
  summary: string;
  publishedAt: Date;
  updatedAt?: Date;
  tags: string[];
  /** For pages of this site: links inside the site start with `/`, so the page is right wherever it is deployed. */
  pageHtml: string;
  /** For everywhere else: every link absolute. */
  feedHtml: string;
};

export type Posts = {
  /** Newest first. */
  list(): Post[];
  get(slug: string): Post | undefined;
  /**
   * Reads what has changed.
   *
   * @throws PostError, and leaves the posts as they were
   */
  reload(): void;
};

export type PostsOptions = {
  siteUrl: string;
  /** Read a file again when it has changed (development) instead of once. */
  watch: boolean;
  /** Whether posts that say `draft: true` are among them. */
  drafts: boolean;
  /** `content/posts` of the working directory unless told otherwise. */
  directory?: string;
};

/**
 * The posts of a folder. Reading is synchronous on purpose: the files are small and read once. The first call of
 * either function may throw.
 *
 * @throws PostError (from `list` and `get`) naming the file that is not right
 */
export function createPosts({ siteUrl, watch, drafts, directory }: PostsOptions): Posts {
  // Without the comments, Next's file tracing takes the whole project for reachable from here.
  const folder = directory ?? join(/* turbopackIgnore: true */ process.cwd(), 'content', 'posts');
  const parsed = new Map<string, { mtime: number; post: Post; draft: boolean }>();
  let all: Post[] | undefined;

  function read(file: string): { post: Post; draft: boolean } {
    const path = join(/* turbopackIgnore: true */ folder, file);
    const mtime = statSync(/* turbopackIgnore: true */ path).mtimeMs;
    const known = parsed.get(file);
    if (known?.mtime === mtime) return known;
    const source = readFileSync(/* turbopackIgnore: true */ path, 'utf8');
    const entry = { mtime, ...toPost(file, source, siteUrl) };
    parsed.set(file, entry);
    return entry;
  }

  function readAll(): Post[] {
    return readdirSync(/* turbopackIgnore: true */ folder)
      .filter((file) => file.endsWith('.md'))
      .map(read)
      .filter(({ draft }) => drafts || !draft)
      .map(({ post }) => post)
      .sort((a, b) => b.publishedAt.getTime() - a.publishedAt.getTime() || (a.slug < b.slug ? -1 : 1));
  }

  function list(): Post[] {
    if (!all || watch) all = readAll();
    return all;
  }

  return {
    list,
    get: (slug) => list().find((post) => post.slug === slug),
    reload() {
      all = readAll();
    },
  };
}

export function postToFeedItem(post: Post): FeedItem {
  return {
    id: post.id,
    url: post.url,
    title: post.title,
    summary: post.summary,
    contentHtml: post.feedHtml,
    publishedAt: post.publishedAt,
    ...(post.updatedAt ? { updatedAt: post.updatedAt } : {}),
    categories: post.tags,
  };
}

function toPost(file: string, source: string, siteUrl: string): { post: Post; draft: boolean } {
  const slug = file.slice(0, -'.md'.length);
  const name = `content/posts/${file}`;
  if (!/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(slug)) {
    throw new PostError(name, ['the file name must be lower-case words joined by hyphens']);
  }
  const { frontMatter, markdown } = parsePost(name, source);
  const url = `${siteUrl}/posts/${slug}`;
  const links = { siteUrl, documentUrl: url };
  const { title, summary, date, updated, tags, draft, id = tagUri(url, date) } = frontMatter;
  const post = {
    id,
    slug,
    url,
    title,
    summary,
    publishedAt: date,
    ...(updated ? { updatedAt: updated } : {}),
    tags,
    pageHtml: renderMarkdown(markdown, { ...links, sameSiteLinks: 'from root' }),
    feedHtml: renderMarkdown(markdown, { ...links, sameSiteLinks: 'absolute' }),
  };
  return { post, draft };
}
