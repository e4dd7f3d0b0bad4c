import type { Metadata } from 'next';
import { connection } from 'next/server';
import { PageLink } from '#app/_components/page-link.tsx';
import NotFound from '#app/not-found.tsx';
import { services } from '#server/services.ts';

export const metadata: Metadata = { title: 'Message', robots: { index: false } };

export const instant = false;

export default async function MessagePage({ params }: PageProps<'/inbox/[id]'>) {
  await connection();
  const { id } = await params;
  const message = await services().mail.inbox?.get(id);
  // notFound() is too late to change the status here, and would show nothing without JavaScript.
  if (!message) return <NotFound />;

  return (
    <div className="space-y-6">
      <p>
        <PageLink href="/inbox">Inbox</PageLink>
      </p>
      <h1>{message.subject}</h1>
      <p className="text-muted">
        {message.from ?? `To ${message.to}`},{' '}
        <time dateTime={message.receivedAt.toISOString()}>
          {message.receivedAt.toISOString().slice(0, 16).replace('T', ' ')} UTC
        </time>
      </p>
      {message.link !== undefined && (
        <div className="space-y-2">
          <p>
            {/* Not a link of Next, which would load it ahead. */}
            <a className="button" href={message.link} rel="nofollow">
              Open the link
            </a>
          </p>
          <p className="text-muted text-sm">
            Anyone who can open this inbox sees it: an inbox like this is for demos and development.
          </p>
        </div>
      )}
      <section aria-labelledby="html" className="space-y-2">
        <h2 id="html">HTML preview</h2>
        {/* The sandbox blocks scripts, forms and navigation: the message is untrusted. */}
        <iframe
          title="The message’s HTML"
          sandbox=""
          srcDoc={message.html}
          className="h-64 w-full rounded-lg border border-line bg-white"
        />
      </section>
      <section aria-labelledby="source" className="space-y-2">
        <h2 id="source">Message source</h2>
        <pre className="code whitespace-pre-wrap wrap-anywhere">{message.raw}</pre>
      </section>
    </div>
  );
}
