import { connection } from 'next/server';
import { Failure } from '#app/_components/failure.tsx';
import { inTime } from '#app/_lib/in-time.ts';
import { isUpstreamFailure } from '#app/_lib/is-upstream-failure.ts';
import { pageMetadata } from '#app/_lib/page-metadata.ts';
import { PostDate } from '#app/posts/post-date.tsx';
import type { FeedItem } from '#server/feed/model.ts';
import { services } from '#server/services.ts';
import { describeFailure } from '#server/trpc/caller.ts';

export const instant = false;

export const generateMetadata = () =>
  pageMetadata({
    path: '/feeds',
    title: 'Feeds',
    description: 'The posts as RSS, Atom and JSON Feed, and how to subscribe to them.',
  });

const formats = [
  {
    path: '/rss.xml',
    name: 'RSS 2.0',
    note: 'Every feed reader supports it. Use this one if you are not sure.',
  },
  {
    path: '/atom.xml',
    name: 'Atom 1.0',
    note: 'The internet standard (RFC 4287). It also has the date of the last change of each entry.',
  },
  {
    path: '/feed.json',
    name: 'JSON Feed 1.1',
    note: 'For programs that do not want to parse XML.',
  },
] as const;

export default async function FeedsPage() {
  await connection();
  const { env, feed } = services();
  const current = await inTime(
    feed.feed().catch((error: unknown) => ({ failure: messageOf(describeFailure(error)) })),
  );

  return (
    <div className="space-y-10">
      <div className="space-y-2">
        <h1>Feeds</h1>
        <p className="max-w-prose text-lg text-muted">
          A feed reader checks for new entries for you. You need neither an account nor an email address.
        </p>
      </div>

      <section aria-labelledby="formats" className="space-y-4">
        <h2 id="formats">One feed, three formats</h2>
        <ul className="grid gap-4 md:grid-cols-3">
          {formats.map(({ path, name, note }) => (
            <li key={path} className="card min-w-0 space-y-2">
              <h3>{name}</h3>
              <p className="text-muted">{note}</p>
              <p>
                <a href={path}>{`${env.SITE_URL}${path}`}</a>
              </p>
            </li>
          ))}
        </ul>
      </section>

      <section aria-labelledby="subscribe" className="max-w-prose space-y-3">
        <h2 id="subscribe">How to subscribe</h2>
        <ol className="list-decimal space-y-1 ps-6">
          <li>Open your feed reader and choose to add a feed.</li>
          <li>
            Paste <code>{env.SITE_URL}</code>. Feed readers discover the feeds through the links in every
            page.
          </li>
          <li>If yours does not, paste one of the addresses above.</li>
        </ol>
      </section>

      <section aria-labelledby="entries" className="max-w-prose space-y-3">
        <h2 id="entries">Current entries</h2>
        {!current ? (
          <p className="notice">
            The feed is taking longer than usual. <a href="/feeds">Try again</a>
          </p>
        ) : 'failure' in current ? (
          <Failure message={current.failure} />
        ) : (
          <>
            <p>
              {current.title}: {current.items.length === 1 ? '1 entry' : `${current.items.length} entries`}.
            </p>
            <Entries items={current.items.slice(0, 5)} />
          </>
        )}
      </section>

      <section aria-labelledby="programs" className="max-w-prose space-y-3">
        <h2 id="programs">For developers of feed readers</h2>
        <p>
          All three feeds support conditional requests: send back the <code>ETag</code> or{' '}
          <code>Last-Modified</code>, and an unchanged feed is an empty 304. <code>Cache-Control</code> says
          how long to wait between requests. The id of an entry never changes.
        </p>
      </section>
    </div>
  );
}

function messageOf({ message, data }: ReturnType<typeof describeFailure>): string {
  return isUpstreamFailure(data.reason) ? 'The feed is unavailable right now.' : message;
}

function Entries({ items }: { items: readonly FeedItem[] }) {
  return (
    <ul className="space-y-2">
      {items.map((item) => (
        <li key={item.id}>
          {item.url ? <a href={item.url}>{item.title}</a> : item.title}{' '}
          {item.publishedAt && <PostDate date={item.publishedAt} />}
        </li>
      ))}
    </ul>
  );
}
