import type { Metadata } from 'next';
import { connection } from 'next/server';
import { Failure } from '#app/_components/failure.tsx';
import { ReloadFromOtherSite } from '#app/_components/reload-from-other-site.tsx';
import { SignInButton } from '#app/_components/sign-in-button.tsx';
import { api, HydrateClient, prefetchError } from '#app/_lib/api.ts';
import { pageCaller } from '#app/_lib/caller.ts';
import { inTime } from '#app/_lib/in-time.ts';
import { readProblem } from '#app/_lib/problem-query.ts';
import { signInUrl } from '#app/_lib/sign-in-url.ts';
import NotFound from '#app/not-found.tsx';
import { services } from '#server/services.ts';
import { describeFailure } from '#server/trpc/caller.ts';
import { NotesView } from './notes-view.tsx';
import { areNotesOffered } from './offered.ts';

export const metadata: Metadata = { title: 'Your notes', robots: { index: false } };

/** Rendered completely before it is sent, so that it works without JavaScript. A late list is left out. */
export const instant = false;

export default async function NotesPage({ searchParams }: PageProps<'/notes'>) {
  await connection();
  const { identity } = services();
  if (!identity || !areNotesOffered()) return <NotFound />;
  const [caller, query] = [await pageCaller(), await searchParams];
  const problem = readProblem(query);
  const failedForm = problem && (
    <Failure {...problem} unavailable="Your notes are unavailable right now.">
      <p>Your note was not stored. Use your browser’s back button to get your text back.</p>
      {problem.data?.reason === 'reauthentication_required' && (
        <a href={signInUrl('/notes', { again: true })} rel="nofollow">
          Sign in once more
        </a>
      )}
    </Failure>
  );

  if (caller.kind !== 'user') {
    const isUnavailable = caller.kind === 'visitor' && caller.session === 'unavailable';
    return (
      <div className="max-w-prose space-y-6">
        <h1>Your notes</h1>
        <ReloadFromOtherSite path="/notes" />
        {failedForm}
        {isUnavailable ? (
          <Failure message="Your notes cannot be shown right now.">
            <a href="/notes">Try again</a>
          </Failure>
        ) : (
          <>
            <p>Sign in to see your notes.</p>
            <SignInButton
              providerName={identity.email ? undefined : identity.providerName}
              returnTo="/notes"
            />
          </>
        )}
      </div>
    );
  }

  await inTime(api.proxy.notes.list.prefetch({}));
  const error = prefetchError();
  return (
    <HydrateClient>
      <div className="max-w-prose space-y-6">
        <h1>Your notes</h1>
        <p className="text-muted">
          They are in another service, which this site calls with your access token. The token never reaches
          your browser.
        </p>
        {failedForm}
        {query.added !== undefined && (
          <p role="status" className="card">
            The note is stored.
          </p>
        )}
        <NotesView
          key={caller.user.id}
          userId={caller.user.id}
          initialFailure={error && describeFailure(error)}
        />
      </div>
    </HydrateClient>
  );
}
