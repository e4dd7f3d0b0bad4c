import type { Metadata } from 'next';
import { connection } from 'next/server';
import { PageLink } from '#app/_components/page-link.tsx';
import NotFound from '#app/not-found.tsx';
import { services } from '#server/services.ts';
import { MailTime } from '../mail-time.tsx';
import { MessageView } from './message-view.tsx';
import { isView, views, viewTitles } from './views.ts';
import '../inbox.css';

export const metadata: Metadata = { title: 'Message', robots: { index: false } };

export const instant = false;

/** One mail of the inbox. Opening it marks it as read. */
export default async function MessagePage({ params, searchParams }: PageProps<'/inbox/[id]'>) {
  await connection();
  const [{ id }, query] = await Promise.all([params, searchParams]);
  const { inbox } = services().mail;
  const message = await inbox?.get(id);
  // notFound() is too late to change the status here, and would show nothing without JavaScript.
  if (!message) return <NotFound />;
  // The mail can be shown all the same.
  if (!message.isRead) await inbox?.markRead(id).catch(() => undefined);
  const view = isView(query.view) ? query.view : 'html';

  return (
    <div className="space-y-6">
      <p>
        <PageLink href="/inbox">Inbox</PageLink>
      </p>
      <div className="flex flex-wrap items-start justify-between gap-4">
        <h1 className="min-w-0">{message.subject}</h1>
        <form method="post" action="/inbox/delete">
          <input type="hidden" name="id" value={id} />
          <button className="button-danger" type="submit">
            Delete
          </button>
        </form>
      </div>
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1">
        <dt className="text-muted">From</dt>
        <dd>{message.from}</dd>
        <dt className="text-muted">To</dt>
        <dd>{message.to}</dd>
        <dt className="text-muted">Received</dt>
        <dd>
          <MailTime date={message.receivedAt} />
        </dd>
      </dl>
      {message.link !== null && (
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
      <nav className="inbox-tabs" aria-label="Parts of the mail">
        {views.map((each) => (
          <a
            key={each}
            className="inbox-tab"
            href={`/inbox/${id}?view=${each}`}
            aria-current={each === view ? 'page' : undefined}
          >
            {viewTitles[each]}
          </a>
        ))}
      </nav>
      <MessageView message={message} view={view} />
    </div>
  );
}
