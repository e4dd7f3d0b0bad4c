import { beforeEach, describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { AppError } from '#server/errors.ts';
import { createRemoteFeed, type RemoteFeed } from '#server/feed/remote.ts';
import { advance, fakeClocks } from '#tests/support/fake-clock.ts';

const { freshFor, staleIfErrorFor } = limits.feed;
/** Time between a failed fetch and the next one. */
const retryDelay = 10_000;

fakeClocks();

type Fetch = { respond: (title: string, items?: unknown[]) => void; fail: (error: Error) => void };

let fetches: Fetch[];
let warnings: [details: Record<string, unknown>, message: string][];
let remote: RemoteFeed;

beforeEach(() => {
  fetches = [];
  warnings = [];
  remote = createRemoteFeed({
    url: 'https://source.example/feed.json',
    fetchJson() {
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      fetches.push({ respond: (title, items = []) => resolve({ title, items }), fail: reject });
      return promise;
    },
    log: { warn: (...line) => warnings.push(line) },
  });
});

const down = () => new AppError('upstream_unreachable');

/** Asks for the feed, lets the fetch that this causes respond, and returns the title. */
async function fetchTitle(title: string): Promise<string> {
  const feed = remote.feed();
  fetches.at(-1)?.respond(title);
  return (await feed).title;
}

/** Asks for the feed while the source is down. */
async function failToFetch(): Promise<string> {
  const feed = remote.feed();
  fetches.at(-1)?.fail(down());
  return (await feed).title;
}

describe('a fetch that was started before the feed expired', () => {
  test('does not replace the result of a newer one that ended first', async () => {
    const early = remote.feed();
    remote.expire();
    const late = remote.feed();
    expect(fetches).toHaveLength(2);
    fetches[1]?.respond('new');
    expect((await late).title).toBe('new');
    fetches[0]?.respond('old');
    await early;
    expect((await remote.feed()).title).toBe('new');
    expect(fetches).toHaveLength(2);
  });

  test('does not make the feed fresh', async () => {
    const early = remote.feed();
    remote.expire();
    fetches[0]?.respond('old');
    expect((await early).title).toBe('old');
    expect(await fetchTitle('new')).toBe('new');
    expect(fetches).toHaveLength(2);
  });

  test('does not end the sharing of a newer one', async () => {
    const early = remote.feed();
    remote.expire();
    const late = [remote.feed()];
    fetches[0]?.respond('old');
    await early;
    late.push(remote.feed());
    expect(fetches).toHaveLength(2);
    fetches[1]?.respond('new');
    expect((await Promise.all(late)).map(({ title }) => title)).toEqual(['new', 'new']);
  });

  test('is the stale feed if the newer one fails', async () => {
    const early = remote.feed();
    remote.expire();
    const late = remote.feed();
    fetches[0]?.respond('old');
    await early;
    fetches[1]?.fail(down());
    expect((await late).title).toBe('old');
  });
});

describe('after a failed fetch', () => {
  beforeEach(async () => {
    await fetchTitle('first');
    advance(freshFor);
    expect(await failToFetch()).toBe('first');
  });

  test('the stale feed is served without a fetch, until the source is tried again', async () => {
    advance(retryDelay - 1);
    expect((await remote.feed()).title).toBe('first');
    expect(fetches).toHaveLength(2);
    advance(1);
    expect(await fetchTitle('second')).toBe('second');
    expect(fetches).toHaveLength(3);
  });

  test('an expiry does not wait for that time', async () => {
    remote.expire();
    expect(await fetchTitle('second')).toBe('second');
  });

  test('a refresh does not wait for that time', async () => {
    const refreshed = remote.refresh();
    fetches.at(-1)?.respond('second');
    await refreshed;
    expect(fetches).toHaveLength(3);
    expect((await remote.feed()).title).toBe('second');
  });

  test('the warning has the error', () => {
    expect(warnings).toEqual([[{ err: expect.any(AppError) }, 'feed source failed, serving the stale feed']]);
  });
});

test('a feed is not served for longer than its stale window, even if a fetch has just failed', async () => {
  await fetchTitle('first');
  advance(freshFor + staleIfErrorFor - 1);
  expect(await failToFetch()).toBe('first');
  advance(1);
  await expect(failToFetch()).rejects.toMatchObject({ reason: 'upstream_unreachable' });
  expect(warnings).toHaveLength(1);
});

test('a failure without a stale feed is not logged: the caller gets it', async () => {
  await expect(failToFetch()).rejects.toMatchObject({ reason: 'upstream_unreachable' });
  expect(warnings).toEqual([]);
  expect(await fetchTitle('first')).toBe('first');
});

describe('a refresh', () => {
  test('of a fresh feed fetches nothing', async () => {
    await fetchTitle('first');
    advance(freshFor - 1);
    await remote.refresh();
    expect(fetches).toHaveLength(1);
  });

  test('of a feed that is no longer fresh fetches it, and fails with the source', async () => {
    await fetchTitle('first');
    advance(freshFor);
    const refreshed = remote.refresh();
    fetches.at(-1)?.fail(down());
    await expect(refreshed).rejects.toMatchObject({ reason: 'upstream_unreachable' });
    expect((await remote.feed()).title).toBe('first');
  });

  test('shares the fetch of a reader', async () => {
    const both = [remote.feed(), remote.refresh()];
    expect(fetches).toHaveLength(1);
    fetches[0]?.respond('first');
    await Promise.all(both);
  });
});

test('a feed without empty items causes no warning', async () => {
  await fetchTitle('first');
  expect(warnings).toEqual([]);
});

test('an error of the fetch that has no reason means that the source is unreachable', async () => {
  const feed = remote.feed();
  fetches[0]?.fail(new Error('socket hang up'));
  await expect(feed).rejects.toMatchObject({ name: 'AppError', reason: 'upstream_unreachable' });
});
