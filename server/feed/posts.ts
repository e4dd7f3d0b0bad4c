import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { env } from '../env.ts';
import { singleton } from '../singleton.ts';
import { PostError, parsePost } from './front-matter.ts';
import { renderMarkdown } from './markdown.ts';
import type { FeedItem } from './model.ts';

/** A post of the built-in feed: one Markdown file in `content/posts`. */
export type Post = {
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
};

export type PostsOptions = {
  siteUrl: string;
  /** Read a file again when it has changed (development) instead of once. */
  watch: boolean;
  /** `content/posts` of the working directory unless told otherwise. */
  directory?: string;
};

/**
 * The posts of a folder. Reading is synchronous on purpose: the files are small and read once, and Next
 * prerenders pages over synchronous reads without further ado. The first call of either function may throw.
 *
 * @throws PostError (from `list` and `get`) naming the file that is not right
 */
export function createPosts({ siteUrl, watch, directory }: PostsOptions): Posts {
  // Without the comments, Next's file tracing takes the whole project for reachable from here.
  const folder = directory ?? join(/* turbopackIgnore: true */ process.cwd(), 'content', 'posts');
  const parsed = new Map<string, { mtime: number; post: Post }>();
  let all: Post[] | undefined;

  function read(file: string): Post {
    const path = join(/* turbopackIgnore: true */ folder, file);
    const mtime = statSync(/* turbopackIgnore: true */ path).mtimeMs;
    const known = parsed.get(file);
    if (known?.mtime === mtime) return known.post;
    const post = toPost(file, readFileSync(/* turbopackIgnore: true */ path, 'utf8'), siteUrl);
    parsed.set(file, { mtime, post });
    return post;
  }

  function list(): Post[] {
    if (all && !watch) return all;
    all = readdirSync(/* turbopackIgnore: true */ folder)
      .filter((file) => file.endsWith('.md'))
      .map(read)
      .sort((a, b) => b.publishedAt.getTime() - a.publishedAt.getTime() || (a.slug < b.slug ? -1 : 1));
    return all;
  }

  return { list, get: (slug) => list().find((post) => post.slug === slug) };
}

/** The posts of this process. */
export function posts(): Posts {
  return singleton('posts', () =>
    createPosts({ siteUrl: env().SITE_URL, watch: env().NODE_ENV === 'development' }),
  );
}

export function postToFeedItem(post: Post): FeedItem {
  return {
    id: post.url,
    url: post.url,
    title: post.title,
    summary: post.summary,
    contentHtml: post.feedHtml,
    publishedAt: post.publishedAt,
    ...(post.updatedAt ? { updatedAt: post.updatedAt } : {}),
    categories: post.tags,
  };
}

function toPost(file: string, source: string, siteUrl: string): Post {
  const slug = file.slice(0, -'.md'.length);
  const name = `content/posts/${file}`;
  if (!/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(slug)) {
    throw new PostError(name, ['the file name must be lower-case words joined by hyphens']);
  }
  const { frontMatter, markdown } = parsePost(name, source);
  const url = `${siteUrl}/posts/${slug}`;
  const links = { siteUrl, documentUrl: url };
  return {
    slug,
    url,
    title: frontMatter.title,
    summary: frontMatter.summary,
    publishedAt: frontMatter.date,
    ...(frontMatter.updated ? { updatedAt: frontMatter.updated } : {}),
    tags: frontMatter.tags,
    pageHtml: renderMarkdown(markdown, { ...links, sameSiteLinks: 'from root' }),
    feedHtml: renderMarkdown(markdown, { ...links, sameSiteLinks: 'absolute' }),
  };
}
