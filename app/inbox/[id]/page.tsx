import type { Metadata } from 'next';
import Link from 'next/link';
import { connection } from 'next/server';
import NotFound from '#app/not-found.tsx';
import { services } from '#server/services.ts';

export const metadata: Metadata = { title: 'Message', robots: { index: false } };

export const instant = false;

export default async function MessagePage({ params }: PageProps<'/inbox/[id]'>) {
  await connection();
  const { id } = await params;
  const message = await services().mail.inbox?.get(id);
  // Not notFound(): it could not change the status any more, and would show nothing without JavaScript.
  if (!message) return <NotFound />;

  return (
    <div className="space-y-6">
      <p>
        <Link href="/inbox">Inbox</Link>
      </p>
      <h1>{message.subject}</h1>
      <p className="text-muted">The exact message, headers first:</p>
      <pre className="code whitespace-pre-wrap wrap-anywhere">{message.raw}</pre>
    </div>
  );
}
