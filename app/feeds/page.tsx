import { connection } from 'next/server';
import { Failure } from '#app/_components/failure.tsx';
import { PageLink } from '#app/_components/page-link.tsx';
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
    note: 'Every feed reader reads it. Take this one when you are not sure.',
  },
  {
    path: '/atom.xml',
    name: 'Atom 1.0',
    note: 'The internet standard (RFC 4287): it also tells when an entry was last changed.',
  },
  {
    path: '/feed.json',
    name: 'JSON Feed 1.1',
    note: 'For programs: the same entries without an XML parser.',
  },
] as const;

export default async function FeedsPage() {
  await connection();
  const { env, feed } = services();
  const current = await feed.feed().catch((error: unknown) => ({ failure: describeFailure(error).message }));

  return (
    <div className="space-y-10">
      <div className="space-y-2">
        <h1>Feeds</h1>
        <p className="max-w-prose text-lg text-muted">
          New entries come to you: a feed reader asks for them, and you need neither an account nor an email
          address.
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
        <ol className="list-decimal space-y-1 pl-6">
          <li>Open your feed reader and choose to add a feed.</li>
          <li>
            Paste <code>{env.SITE_URL}</code>. Readers find the feeds by themselves: every page names them.
          </li>
          <li>Should yours not, paste one of the addresses above.</li>
        </ol>
      </section>

      <section aria-labelledby="entries" className="max-w-prose space-y-3">
        <h2 id="entries">What is in it now</h2>
        {'failure' in current ? (
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
        <h2 id="programs">For those who write readers</h2>
        <p>
          All three answer conditional requests: send back <code>ETag</code> or <code>Last-Modified</code>,
          and what has not changed is an empty 304. <code>Cache-Control</code> tells how often it is worth
          asking. The ids of entries stay the same for ever.{' '}
          <PageLink href="/posts/cheap-feeds-with-304">More on this</PageLink>
        </p>
      </section>
    </div>
  );
}

function Entries({ items }: { items: readonly FeedItem[] }) {
  return (
    <ul className="space-y-2">
      {items.map((item) => (
        <li key={item.id}>
          <a href={item.url}>{item.title}</a> <PostDate date={item.publishedAt} />
        </li>
      ))}
    </ul>
  );
}
