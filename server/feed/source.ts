import type { Env } from '../env.ts';
import type { Feed } from './model.ts';
import { newestFirst } from './model.ts';
import { createPosts, type Post, postToFeedItem } from './posts.ts';
import { createRemoteFeed, type FeedLog, type FetchJson } from './remote.ts';

export type FeedSource = {
  /** @throws AppError `upstream_*` when a remote source fails and nothing older can stand in; PostError for a bad post */
  feed(): Promise<Feed>;
  /** The built-in posts, newest first; the pages under /posts show them whatever the feed is made from. */
  posts: { list(): Promise<Post[]>; get(slug: string): Promise<Post | undefined> };
};

export type FeedSourceOptions = {
  env: Pick<Env, 'SITE_URL' | 'NODE_ENV' | 'FEED_SOURCE_URL'>;
  fetchJson: FetchJson;
  log?: FeedLog;
  /** Folder of the posts, for tests. */
  postsDirectory?: string;
};

/** The feed of this site: the JSON at `FEED_SOURCE_URL` when that is set, otherwise the posts in `content/posts`. */
export function createFeedSource({ env, fetchJson, log, postsDirectory }: FeedSourceOptions): FeedSource {
  const posts = createPosts({
    siteUrl: env.SITE_URL,
    watch: env.NODE_ENV === 'development',
    ...(postsDirectory ? { directory: postsDirectory } : {}),
  });
  return {
    feed: env.FEED_SOURCE_URL
      ? createRemoteFeed({ url: env.FEED_SOURCE_URL, fetchJson, ...(log ? { log } : {}) })
      : async () => feedOfPosts(posts.list(), env.SITE_URL),
    posts: { list: async () => posts.list(), get: async (slug) => posts.get(slug) },
  };
}

function feedOfPosts(posts: readonly Post[], siteUrl: string): Feed {
  return {
    title: 'typed-bff',
    description: 'Notes on a typed backend for frontend: its contract, its limits and the reasons for them.',
    language: 'en',
    homeUrl: `${siteUrl}/posts`,
    items: newestFirst(posts.map(postToFeedItem)),
  };
}
