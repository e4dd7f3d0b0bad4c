import { connection } from 'next/server';
import { Failure } from '#app/_components/failure.tsx';
import { api, HydrateClient, prefetchError } from '#app/_lib/api.ts';
import { pageMetadata } from '#app/_lib/page-metadata.ts';
import { readProblem } from '#app/_lib/problem-query.ts';
import { services } from '#server/services.ts';
import { describeFailure } from '#server/trpc/caller.ts';
import { ContactForm } from './contact-form.tsx';
import { DeliveryState } from './delivery-state.tsx';
import './contact.css';

export const generateMetadata = () =>
  pageMetadata({
    path: '/contact',
    title: 'Contact',
    description: 'Send a message to the owner of this site.',
  });

/** Rendered completely before it is sent, so that it works without JavaScript. */
export const instant = false;

const labels = {
  email: 'Your email address',
  name: 'Your name',
  subject: 'Subject',
  contents: 'Message: up to 5,000 characters, with at most three links',
};

function labelsOf(fields: string[]): string[] {
  return Object.entries(labels).flatMap(([name, label]) => (fields.includes(name) ? [label] : []));
}

export default async function ContactPage({ searchParams }: PageProps<'/contact'>) {
  await connection();
  const query = await searchParams;
  const { mail, field = [] } = query;
  const sentId = typeof mail === 'string' ? mail : undefined;
  if (sentId) await api.email.status.prefetch({ id: sentId });
  const statusError = prefetchError();
  const failed = readProblem(query);

  return (
    <HydrateClient>
      <div className="max-w-xl space-y-6">
        <h1>Contact</h1>
        <p className="text-muted">
          Your message goes to the owner of this site. It is stored before this page confirms it, so it cannot
          get lost.
        </p>
        {services().mail.mode === 'inbox' && (
          <p>
            No mail server is configured. Messages go to the <a href="/inbox">inbox</a> of this installation.
          </p>
        )}
        {statusError ? (
          <Failure {...describeFailure(statusError)} />
        ) : (
          sentId && <DeliveryState id={sentId} />
        )}
        {failed && (
          <Failure {...failed}>
            {labelsOf([field].flat()).map((label) => (
              <p key={label}>
                Please check <strong>{label}</strong>.
              </p>
            ))}
            <p>Your message was not sent. Use your browser’s back button to get your text back.</p>
          </Failure>
        )}
        <ContactForm firstKey={crypto.randomUUID()} shownAt={Date.now()} />
      </div>
    </HydrateClient>
  );
}
