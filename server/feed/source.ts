import type { Env } from '../config/env.ts';
import { productTagline, productTitle } from '../config/product-name.ts';
import type { Generation } from './generation.ts';
import type { Feed } from './model.ts';
import { type FeedItem, newestFirst } from './model.ts';
import { createPosts, type Post, postToFeedItem } from './posts.ts';
import { createRelease } from './release.ts';
import { createRemoteFeed, type FeedLog, type FetchJson } from './remote.ts';

export type FeedSource = {
  /** @throws AppError `upstream_*` if the remote source fails without a stale feed */
  feed(): Promise<Feed>;
  /** The built-in posts, newest first. The pages under /posts show them even if the feed has a remote source. */
  posts: {
    list(): Promise<readonly Post[]>;
    get(slug: string): Promise<Post | undefined>;
    /** The schemes of pictures on other sites, such as `https:`. */
    imageSchemes(): readonly string[];
  };
  /**
   * Reads the posts again, fetches the remote source, and makes all other instances do the same before their next
   * response. On failure the previous feed is kept.
   *
   * @returns `shared`: true if the other instances have been notified through Redis
   * @throws AppError `upstream_*` if the source fails
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

/**
 * The site's feed: the JSON at `FEED_SOURCE_URL` if it is set, otherwise the posts in `content/posts`. Posts and items
 * whose date is in the future are held back until then; in development posts are not.
 */
export function createFeedSource(options: FeedSourceOptions): FeedSource {
  const { env, fetchJson, log, generation, workers, postsDirectory } = options;
  const development = env.NODE_ENV === 'development';
  const posts = createPosts({
    siteUrl: env.SITE_URL,
    watch: development,
    drafts: development,
    onProblem: (problem) => log?.warn(problem, 'post left out'),
    directory: postsDirectory,
  });
  const releasePosts = createRelease<Post>();
  const releaseItems = createRelease<FeedItem>();
  const remote = env.FEED_SOURCE_URL
    ? createRemoteFeed({ url: env.FEED_SOURCE_URL, fetchJson, ...(log ? { log } : {}) })
    : undefined;
  let seenMarker: string | undefined;
  /** The same feed until what is released changes, so that rendered feeds can be cached by identity. */
  let cached: { released: unknown; feed: Feed } | undefined;

  /** Expires the remote feed and reads the posts again. */
  function expire(): void {
    remote?.expire();
    posts.reload();
  }

  function releasedPosts(): readonly Post[] {
    return development ? posts.list() : releasePosts(posts.list());
  }

  function cachedFeed<T>(released: T, toFeed: (released: T) => Feed): Feed {
    if (cached?.released !== released) cached = { released, feed: toFeed(released) };
    return cached.feed;
  }

  /** Expires the feed if another instance has changed the marker. */
  async function synchronize(): Promise<void> {
    const marker = await generation?.current();
    if (marker === undefined || marker === seenMarker) return;
    seenMarker = marker;
    expire();
  }

  let schemes: { released: readonly Post[]; list: string[] } | undefined;

  workers?.onExpire(expire);

  return {
    async feed() {
      await synchronize();
      if (!remote) return cachedFeed(releasedPosts(), (released) => feedOfPosts(released, env.SITE_URL));
      const feed = await remote.feed();
      return cachedFeed(releaseItems(feed.items), (items) => ({ ...feed, items: newestFirst(items) }));
    },
    posts: {
      async list() {
        await synchronize();
        return releasedPosts();
      },
      async get(slug) {
        await synchronize();
        return releasedPosts().find((post) => post.slug === slug);
      },
      imageSchemes() {
        const released = releasedPosts();
        if (schemes?.released !== released) schemes = { released, list: imageSchemesOf(released) };
        return schemes.list;
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

function imageSchemesOf(posts: readonly Post[]): string[] {
  const images = posts.flatMap((post) => post.images);
  return [...new Set(images.flatMap((source) => /^https?:/.exec(source)?.[0] ?? []))].sort();
}

function feedOfPosts(posts: readonly Post[], siteUrl: string): Feed {
  return {
    title: productTitle,
    description: `Posts of ${productTitle}. ${productTagline}.`,
    language: 'en',
    homeUrl: `${siteUrl}/posts`,
    iconUrl: `${siteUrl}/icon-512.png`,
    authors: [{ name: productTitle, url: `${siteUrl}/` }],
    items: newestFirst(posts.map(postToFeedItem)),
  };
}
