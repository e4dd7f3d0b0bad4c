import type { Metadata } from 'next';
import { headers } from 'next/headers';
import { connection } from 'next/server';
import { SignOutForm } from '#app/_components/account-menu.tsx';
import { Failure } from '#app/_components/failure.tsx';
import { SignInButton } from '#app/_components/sign-in-button.tsx';
import { api } from '#app/_lib/api.ts';
import { pageCaller } from '#app/_lib/caller.ts';
import { displayName } from '#app/_lib/display-name.ts';
import { readProblem } from '#app/_lib/problem-query.ts';
import { signInUrl } from '#app/_lib/sign-in-url.ts';
import NotFound from '#app/not-found.tsx';
import type { AuditKind } from '#server/identity/tables.ts';
import type { SignedInUser } from '#server/principal.ts';
import { services } from '#server/services.ts';
import { describeFailure } from '#server/trpc/caller.ts';

export const metadata: Metadata = { title: 'Your account', robots: { index: false } };

/** Rendered completely before it is sent, so that it works without JavaScript. */
export const instant = false;

const historyTexts: Record<AuditKind, string> = {
  signed_in: 'Signed in',
  signed_out: 'Signed out',
  session_revoked: 'Ended a session',
  other_sessions_revoked: 'Ended all other sessions',
  ended_by_provider: 'Session ended by the provider',
};

export default async function AccountPage({ searchParams }: PageProps<'/account'>) {
  await connection();
  const { identity } = services();
  if (!identity) return <NotFound />;
  const caller = await pageCaller();
  if (caller.kind === 'user') return <Account user={caller.user} query={await searchParams} />;
  const unavailable = caller.kind === 'visitor' && caller.session === 'unavailable';
  return (
    <div className="max-w-prose space-y-6">
      <h1>Your account</h1>
      {(await isFromAnotherSite()) && (
        // The session cookie does not come with a link from another site. Once loaded again, the page gets it.
        <meta httpEquiv="refresh" content="0; url=/account" />
      )}
      {unavailable ? (
        <Failure message="Your account cannot be shown right now.">
          <a href="/account">Try again</a>
        </Failure>
      ) : (
        <>
          <p>Sign in to see your sessions, your history and your saved places.</p>
          <SignInButton providerName={identity.email ? undefined : identity.providerName} />
        </>
      )}
    </div>
  );
}

async function isFromAnotherSite(): Promise<boolean> {
  const site = (await headers()).get('sec-fetch-site');
  return site === 'cross-site' || site === 'same-site';
}

async function Account({
  user,
  query,
}: {
  user: SignedInUser;
  query: Record<string, string | string[] | undefined>;
}) {
  const problem = readProblem(query);
  return (
    <div className="space-y-10">
      <header className="flex flex-wrap items-center justify-between gap-4">
        <div>
          <h1>{displayName(user)}</h1>
          {user.email !== null && user.email !== displayName(user) && (
            <p className="text-muted">{user.email}</p>
          )}
          {user.roles.length > 0 && <p className="text-muted">Roles: {user.roles.join(', ')}</p>}
        </div>
        <SignOutForm />
      </header>
      {problem && (
        <Failure {...problem}>
          {problem.data?.reason === 'reauthentication_required' && (
            <a href={signInUrl('/account', { again: true })} rel="nofollow">
              Sign in once more
            </a>
          )}
        </Failure>
      )}
      {query.ended !== undefined && (
        <p role="status" className="card">
          {query.ended === 'others' ? 'All other sessions have ended.' : 'The session has ended.'}
        </p>
      )}
      <Sessions canAskAgain={Number.isFinite(user.authenticationAge)} />
      <SavedPlaces />
      <History />
    </div>
  );
}

/** @param canAskAgain false if the provider does not say when the user signed in, which ending all others requires */
async function Sessions({ canAskAgain }: { canAskAgain: boolean }) {
  const sessions = await attempt(api.session.list());
  return (
    <section aria-labelledby="sessions" className="space-y-4">
      <h2 id="sessions">Sessions</h2>
      {'failure' in sessions ? (
        <Failure {...sessions.failure} />
      ) : (
        <>
          <ul className="space-y-3">
            {sessions.value.map(({ id, current, device, createdAt, lastSeenAt }) => (
              <li key={id} className="card flex flex-wrap items-center justify-between gap-3">
                <div>
                  <p className="font-medium">
                    {device}
                    {current && ' (this session)'}
                  </p>
                  <p className="text-muted text-sm">
                    Signed in <Time date={createdAt} />, last seen <Time date={lastSeenAt} />
                  </p>
                </div>
                {!current && (
                  <form method="post" action="/account/end-session">
                    <input type="hidden" name="id" value={id} />
                    <button
                      className="button-quiet"
                      type="submit"
                      aria-label={`End the session on ${device}`}
                    >
                      End
                    </button>
                  </form>
                )}
              </li>
            ))}
          </ul>
          {canAskAgain && sessions.value.length > 1 && (
            <form method="post" action="/account/end-others">
              <button className="button-quiet" type="submit">
                End all other sessions
              </button>
            </form>
          )}
        </>
      )}
    </section>
  );
}

async function SavedPlaces() {
  const places = await attempt(api.account.savedPlaces.get());
  return (
    <section aria-labelledby="places" className="space-y-4">
      <h2 id="places">Saved places</h2>
      {'failure' in places ? (
        <Failure {...places.failure} />
      ) : places.value.length === 0 ? (
        <p className="text-muted">
          None yet. Save one on the <a href="/weather">weather page</a>.
        </p>
      ) : (
        <ul className="list-disc space-y-1 pl-5">
          {places.value.map(({ name, lat, lng }) => (
            <li key={`${lat},${lng}`}>{name}</li>
          ))}
        </ul>
      )}
    </section>
  );
}

async function History() {
  const history = await attempt(api.account.history());
  return (
    <section aria-labelledby="history" className="space-y-4">
      <h2 id="history">History</h2>
      {'failure' in history ? (
        <Failure {...history.failure} />
      ) : (
        <div className="table-scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">What</th>
                <th scope="col">Device</th>
              </tr>
            </thead>
            <tbody>
              {history.value.map(({ at, kind, device }, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the entries never change their order
                <tr key={index}>
                  <td>
                    <Time date={at} />
                  </td>
                  <td>{historyTexts[kind]}</td>
                  <td>{device}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Time({ date }: { date: Date }) {
  return <time dateTime={date.toISOString()}>{date.toISOString().slice(0, 16).replace('T', ' ')} UTC</time>;
}

/** Returns the output of a call, or its failure, so that one section does not take the others with it. */
async function attempt<T>(
  call: Promise<T>,
): Promise<{ value: T } | { failure: ReturnType<typeof describeFailure> }> {
  try {
    return { value: await call };
  } catch (error) {
    return { failure: describeFailure(error) };
  }
}
