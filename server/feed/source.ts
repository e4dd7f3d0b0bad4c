import type { Env } from '../config/env.ts';
import type { Generation } from './generation.ts';
import type { Feed } from './model.ts';
import { newestFirst } from './model.ts';
import { createPosts, type Post, postToFeedItem } from './posts.ts';
import { createRemoteFeed, type FeedLog, type FetchJson } from './remote.ts';

export type FeedSource = {
  /** @throws AppError `upstream_*` when a remote source fails and nothing older can stand in; PostError for a bad post */
  feed(): Promise<Feed>;
  /** The built-in posts, newest first; the pages under /posts show them whatever the feed is made from. */
  posts: { list(): Promise<Post[]>; get(slug: string): Promise<Post | undefined> };
  /**
   * Reads the posts again, fetches the remote source, and lets all other instances do so before they answer again.
   * What fails leaves what was there before.
   *
   * @returns whether the other instances know
   * @throws AppError `upstream_*` when the source fails; PostError for a bad post
   */
  revalidate(): Promise<{ shared: boolean }>;
};

export type FeedSourceOptions = {
  env: Pick<Env, 'SITE_URL' | 'NODE_ENV' | 'FEED_SOURCE_URL'>;
  fetchJson: FetchJson;
  log?: FeedLog;
  /** Where there are several instances. */
  generation?: Generation | undefined;
  /** Where this process is one of several workers. */
  workers?: { onExpire(expire: () => void): void; expireOthers(): Promise<unknown> } | undefined;
  /** Folder of the posts, for tests. */
  postsDirectory?: string;
};

/** The feed of this site: the JSON at `FEED_SOURCE_URL` when that is set, otherwise the posts in `content/posts`. */
export function createFeedSource(options: FeedSourceOptions): FeedSource {
  const { env, fetchJson, log, generation, workers, postsDirectory } = options;
  const posts = createPosts({
    siteUrl: env.SITE_URL,
    watch: env.NODE_ENV === 'development',
    drafts: env.NODE_ENV === 'development',
    ...(postsDirectory ? { directory: postsDirectory } : {}),
  });
  const remote = env.FEED_SOURCE_URL
    ? createRemoteFeed({ url: env.FEED_SOURCE_URL, fetchJson, ...(log ? { log } : {}) })
    : undefined;
  let seen: string | undefined;
  /** The same object until the posts are read again, so that what is made of it can be kept. */
  let made: { posts: readonly Post[]; feed: Feed } | undefined;

  /** What is held may be old. */
  function expire(): void {
    remote?.expire();
    try {
      posts.reload();
    } catch (err) {
      log?.warn({ err }, 'posts cannot be read again, serving those of before');
    }
  }

  /** Follows what other instances were told. */
  async function synchronise(): Promise<void> {
    const mark = await generation?.current();
    if (mark === undefined || mark === seen) return;
    seen = mark;
    expire();
  }

  workers?.onExpire(expire);

  return {
    async feed() {
      await synchronise();
      if (remote) return remote.feed();
      const all = posts.list();
      if (made?.posts !== all) made = { posts: all, feed: feedOfPosts(all, env.SITE_URL) };
      return made.feed;
    },
    posts: {
      async list() {
        await synchronise();
        return posts.list();
      },
      async get(slug) {
        await synchronise();
        return posts.get(slug);
      },
    },
    async revalidate() {
      const mark = await generation?.advance();
      seen = mark ?? seen;
      await workers?.expireOthers();
      remote?.expire();
      posts.reload();
      await remote?.refresh();
      return { shared: mark !== undefined };
    },
  };
}

function feedOfPosts(posts: readonly Post[], siteUrl: string): Feed {
  return {
    title: 'typed-bff',
    description: 'Notes on a typed backend for frontend: its contract, its limits and the reasons for them.',
    language: 'en',
    homeUrl: `${siteUrl}/posts`,
    iconUrl: `${siteUrl}/icon-512.png`,
    authors: [{ name: 'typed-bff', url: `${siteUrl}/` }],
    items: newestFirst(posts.map(postToFeedItem)),
  };
}
