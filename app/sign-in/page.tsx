import type { Metadata } from 'next';
import { headers } from 'next/headers';
import { connection } from 'next/server';
import { Failure } from '#app/_components/failure.tsx';
import { SignInButton } from '#app/_components/sign-in-button.tsx';
import { pageUser } from '#app/_lib/caller.ts';
import { displayName } from '#app/_lib/display-name.ts';
import { readProblem } from '#app/_lib/problem-query.ts';
import NotFound from '#app/not-found.tsx';
import { errorReasons } from '#server/errors.ts';
import { readCookie } from '#server/http/cookie.ts';
import { browserCookie } from '#server/http/session-cookie.ts';
import type { Identity } from '#server/identity/identity.ts';
import { mailSteps } from '#server/routes/mail-step.ts';
import { services } from '#server/services.ts';
import { CodeForm, EmailForm, MailProblem } from './email-forms.tsx';

export const metadata: Metadata = { title: 'Sign in', robots: { index: false } };

/** Rendered per request: it depends on the settings and on the outcome of a sign-in. */
export const instant = false;

export default async function SignInPage({ searchParams }: PageProps<'/sign-in'>) {
  await connection();
  const { identity } = services();
  if (!identity) return <NotFound />;
  const query = await searchParams;
  const [problem, user] = [readProblem(query), await pageUser()];
  const again = query.again === '1';
  const step = mailSteps.find((each) => each === query.mail);
  const isWaiting = step === 'sent' || step === 'wrong-code';
  const wait = typeof query.wait === 'string' ? Number(query.wait) : 0;
  const mailProblem = step && (
    <MailProblem step={isWaiting ? 'over' : step} wait={Number.isInteger(wait) ? wait : 0} />
  );
  // A user who is signed in may have to sign in once more, which begins with `again`.
  if (user && !again && (step === undefined || step === 'over')) {
    return (
      <div className="max-w-prose space-y-6">
        <h1>Sign in</h1>
        {problem && <Failure {...problem} />}
        {mailProblem}
        <p>
          You are signed in as {displayName(user)}. <a href="/account">Your account</a>
        </p>
      </div>
    );
  }
  const returnTo = typeof query.returnTo === 'string' ? query.returnTo : undefined;
  const pending = isWaiting ? await pendingMail(identity) : undefined;
  if (pending) {
    return (
      <div className="max-w-prose space-y-6">
        <h1>Check your mail</h1>
        <CodeForm
          {...pending}
          returnTo={returnTo}
          isWrong={step === 'wrong-code'}
          hasInbox={services().mail.inbox !== null}
        />
      </div>
    );
  }
  return (
    <div className="max-w-prose space-y-8">
      <h1>Sign in</h1>
      {problem && <Failure {...problem} />}
      {pending === null ? <Failure message={errorReasons.identity_unavailable.message} /> : mailProblem}
      {identity.email && <EmailForm returnTo={returnTo} isWrong={step === 'not-an-address'} />}
      {identity.providerName !== undefined && (
        <section className="space-y-3" aria-labelledby="provider">
          {identity.email && <h2 id="provider">With {identity.providerName}</h2>}
          <p className="text-muted">
            You sign in with {identity.providerName}. This site gets your name and address from there, and
            never your password.
          </p>
          <SignInButton providerName={identity.providerName} returnTo={returnTo} again={again} />
        </section>
      )}
    </div>
  );
}

/** Returns the mail that this browser waits for, undefined if there is none, or null while the database is down. */
async function pendingMail({ email }: Identity) {
  const cookie = readCookie(await headers(), browserCookie, services().env.SITE_URL);
  return email?.pending(cookie).catch(() => null);
}
