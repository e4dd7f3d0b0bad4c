import type { Env } from '../config/env.ts';
import type { Generation } from './generation.ts';
import type { Feed } from './model.ts';
import { newestFirst } from './model.ts';
import { createPosts, type Post, postToFeedItem } from './posts.ts';
import { createRemoteFeed, type FeedLog, type FetchJson } from './remote.ts';

export type FeedSource = {
  /** @throws AppError `upstream_*` if the remote source fails without a stale feed; PostError for an invalid post */
  feed(): Promise<Feed>;
  /** The built-in posts, newest first. The pages under /posts show them even if the feed has a remote source. */
  posts: { list(): Promise<Post[]>; get(slug: string): Promise<Post | undefined> };
  /**
   * Reads the posts again, fetches the remote source, and makes all other instances do the same before their next
   * response. On failure the previous feed is kept.
   *
   * @returns `shared`: true if the other instances have been notified through Redis
   * @throws AppError `upstream_*` if the source fails; PostError for an invalid post
   */
  revalidate(): Promise<{ shared: boolean }>;
};

export type FeedSourceOptions = {
  env: Pick<Env, 'SITE_URL' | 'NODE_ENV' | 'FEED_SOURCE_URL'>;
  fetchJson: FetchJson;
  log?: FeedLog;
  /** Set if there are several instances. */
  generation?: Generation | undefined;
  /** Set if this process is one of several workers. */
  workers?: { onExpire(expire: () => void): void; expireOthers(): Promise<unknown> } | undefined;
  /** The folder of the posts; set by tests. */
  postsDirectory?: string;
};

/** The site's feed: the JSON at `FEED_SOURCE_URL` if it is set, otherwise the posts in `content/posts`. */
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
  let seenMarker: string | undefined;
  /** The same object until the posts are read again, so that rendered feeds can be cached by identity. */
  let cached: { posts: readonly Post[]; feed: Feed } | undefined;

  /** Expires the remote feed and reads the posts again. */
  function expire(): void {
    remote?.expire();
    try {
      posts.reload();
    } catch (err) {
      log?.warn({ err }, 'posts cannot be reloaded, serving the previous ones');
    }
  }

  /** Expires the feed if another instance has changed the marker. */
  async function synchronize(): Promise<void> {
    const marker = await generation?.current();
    if (marker === undefined || marker === seenMarker) return;
    seenMarker = marker;
    expire();
  }

  workers?.onExpire(expire);

  return {
    async feed() {
      await synchronize();
      if (remote) return remote.feed();
      const all = posts.list();
      if (cached?.posts !== all) cached = { posts: all, feed: feedOfPosts(all, env.SITE_URL) };
      return cached.feed;
    },
    posts: {
      async list() {
        await synchronize();
        return posts.list();
      },
      async get(slug) {
        await synchronize();
        return posts.get(slug);
      },
    },
    async revalidate() {
      const marker = await generation?.advance();
      seenMarker = marker ?? seenMarker;
      await workers?.expireOthers();
      remote?.expire();
      posts.reload();
      await remote?.refresh();
      return { shared: marker !== undefined };
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
