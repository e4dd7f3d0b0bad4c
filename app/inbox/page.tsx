import type { Metadata } from 'next';
import { connection } from 'next/server';
import { AutoRefresh } from '#app/_components/auto-refresh.tsx';
import { PageLink } from '#app/_components/page-link.tsx';
import NotFound from '#app/not-found.tsx';
import { services } from '#server/services.ts';

export const metadata: Metadata = { title: 'Inbox', robots: { index: false } };

export const instant = false;

/** The mails of development and demo mode, where no mail server is configured. Not found in any other mode. */
export default async function InboxPage() {
  await connection();
  const { inbox } = services().mail;
  if (!inbox) return <NotFound />;
  const messages = await inbox.list();

  return (
    <div className="space-y-6">
      <h1>Inbox</h1>
      <AutoRefresh seconds={2} />
      <p className="text-muted">
        The mails of this installation, as a mail server would receive them. Set <code>SMTP_URL</code> to send
        them instead.
      </p>
      {messages.length === 0 ? (
        <p>
          No mail has arrived yet. <PageLink href="/contact">Send one</PageLink>
        </p>
      ) : (
        <ul className="space-y-3">
          {messages.map((message) => (
            <li key={message.id} className="card">
              <PageLink className="font-medium text-accent" href={`/inbox/${message.id}`}>
                {message.subject}
              </PageLink>
              <p className="text-muted text-sm">
                {message.from ?? `To ${message.to}`},{' '}
                <time dateTime={message.receivedAt.toISOString()}>
                  {message.receivedAt.toISOString().slice(0, 16).replace('T', ' ')} UTC
                </time>
              </p>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
