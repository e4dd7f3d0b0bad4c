import type { Metadata } from 'next';
import { connection } from 'next/server';
import { AutoRefresh } from '#app/_components/auto-refresh.tsx';
import { Failure } from '#app/_components/failure.tsx';
import { PageLink } from '#app/_components/page-link.tsx';
import { readProblem } from '#app/_lib/problem-query.ts';
import NotFound from '#app/not-found.tsx';
import type { InboxEntry } from '#server/mail/inbox-view.ts';
import { services } from '#server/services.ts';
import { inboxSummary } from './inbox-summary.ts';
import { MailTime } from './mail-time.tsx';
import './inbox.css';

export const metadata: Metadata = { title: 'Inbox', robots: { index: false } };

export const instant = false;

/** The mails of development and demo mode, where no mail server is configured. Not found in any other mode. */
export default async function InboxPage({ searchParams }: PageProps<'/inbox'>) {
  await connection();
  const { inbox } = services().mail;
  if (!inbox) return <NotFound />;
  const query = await searchParams;
  const words = typeof query.q === 'string' ? query.q.trim().slice(0, 500) : '';
  const messages = await inbox.list(words === '' ? undefined : { words });
  const problem = readProblem(query);
  const deleted = Number(query.deleted);

  return (
    <div className="space-y-6">
      <h1>Inbox</h1>
      <AutoRefresh seconds={2} />
      <p className="max-w-prose text-muted">
        The mails of this installation, as a mail server would receive them. Set <code>SMTP_URL</code> to send
        them instead. Tests read them from <a href="/api/inbox">/api/inbox</a>.
      </p>
      {problem && <Failure {...problem} />}
      {deleted > 0 && (
        <p role="status" className="notice notice-success">
          {deleted === 1 ? 'The mail was deleted.' : `${deleted} mails were deleted.`}
        </p>
      )}
      {(messages.length > 0 || words !== '') && <Search words={words} />}
      {messages.length > 0 ? (
        <MessageList messages={messages} words={words} />
      ) : words === '' ? (
        <p>
          No mail has arrived yet. <PageLink href="/contact">Send one</PageLink>
        </p>
      ) : (
        <p>
          No mail contains “{words}”. <a href="/inbox">Show all mails</a>
        </p>
      )}
    </div>
  );
}

function Search({ words }: { words: string }) {
  return (
    <search>
      <form method="get" action="/inbox" className="flex max-w-xl flex-wrap items-end gap-3">
        <label className="min-w-0 grow space-y-1">
          <span className="block font-medium">Search</span>
          <input
            className="field"
            type="search"
            name="q"
            defaultValue={words}
            maxLength={500}
            placeholder="Address, subject or text"
          />
        </label>
        <button className="button-quiet" type="submit">
          Search
        </button>
      </form>
    </search>
  );
}

function MessageList({ messages, words }: { messages: InboxEntry[]; words: string }) {
  return (
    <section className="space-y-4" aria-label="Mails">
      <p className="text-muted text-sm tabular-nums">
        {inboxSummary(messages, words)} {words !== '' && <a href="/inbox">Show all mails</a>}
      </p>
      <ul className="divide-y divide-line border-line border-y">
        {messages.map((message) => (
          <li key={message.id} className="inbox-row">
            <Row message={message} />
          </li>
        ))}
      </ul>
      {words === '' && <DeleteAll />}
    </section>
  );
}

function Row({ message: { id, subject, from, to, receivedAt, isRead } }: { message: InboxEntry }) {
  return (
    <>
      {isRead ? <span /> : <span className="inbox-mark" role="img" aria-label="Unread" />}
      <div className="min-w-0">
        {/* Not a link of Next, which would load the message ahead and so mark it as read. */}
        <a className={isRead ? 'text-accent' : 'font-semibold text-accent'} href={`/inbox/${id}`}>
          {subject}
        </a>
        <p className="text-muted text-sm">
          {from} to {to}, <MailTime date={receivedAt} />
        </p>
      </div>
      <form method="post" action="/inbox/delete">
        <input type="hidden" name="id" value={id} />
        <button className="button-small" type="submit" aria-label={`Delete ${subject}`}>
          Delete
        </button>
      </form>
    </>
  );
}

function DeleteAll() {
  return (
    <details>
      <summary className="cursor-pointer py-2 text-muted hover:text-ink">Delete all mails</summary>
      <form method="post" action="/inbox/delete" className="flex flex-wrap items-center gap-3 py-2">
        <input type="hidden" name="all" value="1" />
        <p>They cannot be restored.</p>
        <button className="button-danger" type="submit">
          Delete all
        </button>
      </form>
    </details>
  );
}
