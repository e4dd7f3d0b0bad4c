import type { Metadata } from 'next';
import { connection } from 'next/server';
import { SignOutForm } from '#app/_components/account-menu.tsx';
import { Failure } from '#app/_components/failure.tsx';
import { ReloadFromOtherSite } from '#app/_components/reload-from-other-site.tsx';
import { SignInButton } from '#app/_components/sign-in-button.tsx';
import { Time } from '#app/_components/time.tsx';
import { api } from '#app/_lib/api.ts';
import { pageCaller } from '#app/_lib/caller.ts';
import { displayName } from '#app/_lib/display-name.ts';
import { readProblem } from '#app/_lib/problem-query.ts';
import { signInUrl } from '#app/_lib/sign-in-url.ts';
import NotFound from '#app/not-found.tsx';
import type { LinkOutcome } from '#server/identity/linked-identities.ts';
import type { AuditKind } from '#server/identity/tables.ts';
import type { SignedInUser } from '#server/principal.ts';
import { services } from '#server/services.ts';
import { describeFailure } from '#server/trpc/caller.ts';

type Query = Record<string, string | string[] | undefined>;

export const metadata: Metadata = { title: 'Your account', robots: { index: false } };

/** Rendered completely before it is sent, so that it works without JavaScript. */
export const instant = false;

const historyTexts: Record<AuditKind, string> = {
  signed_in: 'Signed in',
  signed_out: 'Signed out',
  session_revoked: 'Ended a session',
  other_sessions_revoked: 'Ended all other sessions',
  ended_by_provider: 'Session ended by the provider',
  linked: 'Added a way to sign in',
  unlinked: 'Removed a way to sign in',
  roles_changed: 'Roles changed by the provider',
  ended_by_operator: 'All sessions ended by the operator',
  disabled: 'Account disabled by the operator',
  enabled: 'Account enabled by the operator',
};

const linkTexts: Record<LinkOutcome, string> = {
  linked: 'From now on you can sign in that way, too.',
  known: 'You could sign in that way already.',
  taken: 'Another account of this site signs in that way, so nothing was changed.',
  too_many: 'You have too many ways to sign in already. Remove one first.',
  ended:
    'Your session here ended before you were done, so nothing was added. Some providers end it when you change to another account there.',
};
const isLinkOutcome = (value: string): value is LinkOutcome => Object.hasOwn(linkTexts, value);

/** Returns the text for the outcome of a form or of a sign-in that led here. */
function outcomeOf({ ended, linked, unlinked }: Query): string | undefined {
  if (ended !== undefined)
    return ended === 'others' ? 'All other sessions have ended.' : 'The session has ended.';
  if (linked === 'not-an-address') return 'Please enter an email address like name@example.org.';
  if (typeof linked === 'string' && isLinkOutcome(linked)) return linkTexts[linked];
  if (unlinked === undefined) return undefined;
  return unlinked === 'last'
    ? 'This is your only way to sign in, so it stays.'
    : 'You can no longer sign in that way. Sessions that began with it have ended.';
}

function Outcome({ query }: { query: Query }) {
  const text = outcomeOf(query);
  return text === undefined ? null : (
    <p role="status" className="card">
      {text}
    </p>
  );
}

export default async function AccountPage({ searchParams }: PageProps<'/account'>) {
  await connection();
  const { identity } = services();
  if (!identity) return <NotFound />;
  const caller = await pageCaller();
  const query = await searchParams;
  if (caller.kind === 'user') return <Account user={caller.user} query={query} />;
  const unavailable = caller.kind === 'visitor' && caller.session === 'unavailable';
  return (
    <div className="max-w-prose space-y-6">
      <h1>Your account</h1>
      <ReloadFromOtherSite path="/account" />
      {unavailable ? (
        <Failure message="Your account cannot be shown right now.">
          <a href="/account">Try again</a>
        </Failure>
      ) : (
        <>
          <Outcome query={query} />
          <p>Sign in to see your sessions, your history and your saved places.</p>
          <SignInButton providerName={identity.email ? undefined : identity.providerName} />
        </>
      )}
    </div>
  );
}

async function Account({ user, query }: { user: SignedInUser; query: Query }) {
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
      <Outcome query={query} />
      <Sessions canAskAgain={Number.isFinite(user.authenticationAge)} />
      <Identities canAskAgain={Number.isFinite(user.authenticationAge)} />
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

/** @param canAskAgain false if the provider does not say when the user signed in, which a change requires */
async function Identities({ canAskAgain }: { canAskAgain: boolean }) {
  const { identity } = services();
  const providerName = identity?.providerName;
  const nameOf = (issuer: string) => {
    if (issuer === services().env.OIDC_ISSUER) return providerName;
    return URL.canParse(issuer) ? new URL(issuer).host : 'by mail';
  };
  const identities = await attempt(api.account.identities.list());
  return (
    <section aria-labelledby="identities" className="space-y-4">
      <h2 id="identities">Ways to sign in</h2>
      {'failure' in identities ? (
        <Failure {...identities.failure} />
      ) : (
        <ul className="space-y-3">
          {identities.value.map(({ issuer, subject, label, linkedAt, lastUsedAt }) => (
            <li
              key={`${issuer} ${subject}`}
              className="card flex flex-wrap items-center justify-between gap-3"
            >
              <div>
                <p className="font-medium">{label ?? subject}</p>
                <p className="text-muted text-sm">
                  {nameOf(issuer)}, added <Time date={linkedAt} />, last used <Time date={lastUsedAt} />
                </p>
              </div>
              {canAskAgain && identities.value.length > 1 && (
                <form method="post" action="/account/unlink">
                  <input type="hidden" name="issuer" value={issuer} />
                  <input type="hidden" name="subject" value={subject} />
                  <button className="button-quiet" type="submit" aria-label={`Remove ${label ?? subject}`}>
                    Remove
                  </button>
                </form>
              )}
            </li>
          ))}
        </ul>
      )}
      {canAskAgain && providerName !== undefined && (
        <form method="post" action="/auth/link">
          <button className="button-quiet" type="submit">
            Add a way to sign in with {providerName}
          </button>
        </form>
      )}
      {canAskAgain && identity?.email && (
        <form method="post" action="/auth/email" className="max-w-md space-y-3">
          <input type="hidden" name="link" value="1" />
          <label className="block space-y-1">
            <span className="font-medium">Add an email address to sign in with</span>
            <input
              className="field"
              type="email"
              name="email"
              autoComplete="email"
              required
              maxLength={254}
              aria-describedby="link-email-hint"
            />
          </label>
          <p className="text-muted text-sm" id="link-email-hint">
            A mail with a link and a code shows that the address is yours.
          </p>
          <button className="button-quiet" type="submit">
            Send me a link
          </button>
        </form>
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
        <ul className="list-disc space-y-1 ps-5">
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
        <>
          <p className="text-muted text-sm sm:hidden">The table scrolls sideways.</p>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
          <section className="table-scroll" aria-label="Events" tabIndex={0}>
            <table className="w-full">
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
          </section>
        </>
      )}
    </section>
  );
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
