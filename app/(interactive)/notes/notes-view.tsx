'use client';

import { type SubmitEvent, useEffect, useState } from 'react';
import { Failure, type FailureProps } from '#app/_components/failure.tsx';
import { Time } from '#app/_components/time.tsx';
import { isSessionEnd } from '#app/_lib/session-events.ts';
import { signInUrl } from '#app/_lib/sign-in-url.ts';
import { toFailure } from '#app/_lib/to-failure.ts';
import { errorData } from '#client/errors.ts';
import { keepDraft, takeDraft } from './draft.ts';
import { isPending, useNotes } from './use-notes.ts';

/** The same number as in the declaration of the upstream, which checks it. */
const maxLength = 1_000;
const unavailable = 'Your notes are unavailable right now.';

/**
 * @param initialFailure why the server could not list the notes. The browser tries once more
 */
export function NotesView({
  userId,
  initialFailure,
}: {
  userId: string;
  initialFailure: Pick<FailureProps, 'message' | 'data'> | undefined;
}) {
  const [text, setText] = useState('');
  const { stored, add } = useNotes((failed) =>
    // The user may write the next note already.
    setText((current) => (current === '' ? failed : `${failed}\n${current}`)),
  );
  useEffect(() => {
    const draft = takeDraft(userId);
    if (draft !== '') setText(draft);
  }, [userId]);

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    if (text.trim() === '') return;
    add.mutate({ body: { text } });
    setText('');
  }

  const failureOf = (error: { message: string } | null, retry?: () => void) => {
    const reason = error ? errorData(error)?.reason : undefined;
    // The end of the session is shown for the whole page.
    if (!error || isSessionEnd(reason)) return null;
    return reason === 'reauthentication_required' ? (
      <Failure {...toFailure(error)}>
        <a
          href={signInUrl('/notes', { again: true })}
          rel="nofollow"
          onClick={() => keepDraft({ userId, text })}
        >
          Sign in once more
        </a>
      </Failure>
    ) : (
      <Failure {...toFailure(error)} unavailable={unavailable} {...(retry ? { onRetry: retry } : {})} />
    );
  };

  const notes = stored.data?.data.notes;
  return (
    <div className="space-y-8">
      <form method="post" action="/notes/add" className="space-y-3" onSubmit={submit}>
        <label htmlFor="text" className="font-medium">
          New note
        </label>
        <textarea
          id="text"
          name="text"
          className="field"
          rows={3}
          maxLength={maxLength}
          required
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        {failureOf(add.error)}
        <button type="submit" className="button">
          Add
        </button>
      </form>
      <section aria-labelledby="list" aria-busy={stored.isFetching} className="space-y-4">
        <h2 id="list">All notes</h2>
        {failureOf(stored.error, () => stored.refetch())}
        {notes && stored.error && (
          <p className="text-muted">
            These are the notes of <Time date={new Date(stored.dataUpdatedAt)} />.
          </p>
        )}
        {notes ? (
          <Notes notes={notes} />
        ) : (
          !stored.error && (initialFailure ? <FailedFirst {...initialFailure} /> : <Loading />)
        )}
      </section>
    </div>
  );
}

function Notes({ notes }: { notes: readonly { id: string; text: string; createdAt: string }[] }) {
  if (notes.length === 0) return <p className="text-muted">You have no notes yet.</p>;
  return (
    <ul className="space-y-3">
      {notes.map((note) => (
        <li key={note.id} className="card">
          <p className="whitespace-pre-wrap">{note.text}</p>
          <p className="text-muted text-sm">
            {isPending(note) ? 'Saving…' : <Time date={new Date(note.createdAt)} />}
          </p>
        </li>
      ))}
    </ul>
  );
}

function FailedFirst(failure: Pick<FailureProps, 'message' | 'data'>) {
  const isReauthentication = failure.data?.reason === 'reauthentication_required';
  return (
    <Failure {...failure} unavailable={unavailable}>
      <a href={isReauthentication ? signInUrl('/notes', { again: true }) : '/notes'}>
        {isReauthentication ? 'Sign in once more' : 'Try again'}
      </a>
    </Failure>
  );
}

function Loading() {
  return (
    <p className="text-muted">
      Loading your notes…{' '}
      <noscript>
        <a href="/notes">Load the page again</a>
      </noscript>
    </p>
  );
}
