import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { renderMarkdown } from '../lib/markdown.ts';
import { PostError, parsePost } from './front-matter.ts';
import { tagUri } from './ids.ts';
import type { FeedItem } from './model.ts';

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
  updatedAt?: Date;
  tags: string[];
  /** HTML for pages of this site: links within the site start with `/`, so they work on any host. */
  pageHtml: string;
  /** HTML for feeds: every link is absolute. */
  feedHtml: string;
};

export type Posts = {
  /** Newest first. */
  list(): Post[];
  get(slug: string): Post | undefined;
  /**
   * Reads changed files again.
   *
   * @throws PostError and keeps the previous posts
   */
  reload(): void;
};

export type PostsOptions = {
  siteUrl: string;
  /** Reads a file again when it has changed (for development). Otherwise files are read once. */
  watch: boolean;
  /** Includes posts with `draft: true`. */
  drafts: boolean;
  /** Defaults to `content/posts` in the working directory. */
  directory?: string;
};

/**
 * Reads the posts of a folder on first use. Reading is deliberately synchronous: the files are small and read once.
 *
 * @throws PostError (from `list` and `get`) naming the invalid file
 */
export function createPosts({ siteUrl, watch, drafts, directory }: PostsOptions): Posts {
  // Without the turbopackIgnore comments, Next's file tracing would include the whole project.
  const folder = directory ?? join(/* turbopackIgnore: true */ process.cwd(), 'content', 'posts');
  const cache = new Map<string, { mtime: number; post: Post; draft: boolean }>();
  let posts: Post[] | undefined;

  function read(file: string): { post: Post; draft: boolean } {
    const path = join(/* turbopackIgnore: true */ folder, file);
    const mtime = statSync(/* turbopackIgnore: true */ path).mtimeMs;
    const cached = cache.get(file);
    if (cached?.mtime === mtime) return cached;
    const source = readFileSync(/* turbopackIgnore: true */ path, 'utf8');
    const entry = { mtime, ...toPost(file, source, siteUrl) };
    cache.set(file, entry);
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
    if (!posts || watch) posts = readAll();
    return posts;
  }

  return {
    list,
    get: (slug) => list().find((post) => post.slug === slug),
    reload() {
      posts = readAll();
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
