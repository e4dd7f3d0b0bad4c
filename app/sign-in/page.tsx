import type { Metadata } from 'next';
import { connection } from 'next/server';
import { Failure } from '#app/_components/failure.tsx';
import { SignInButton } from '#app/_components/sign-in-button.tsx';
import { pageUser } from '#app/_lib/caller.ts';
import { displayName } from '#app/_lib/display-name.ts';
import { readProblem } from '#app/_lib/problem-query.ts';
import NotFound from '#app/not-found.tsx';
import { services } from '#server/services.ts';

export const metadata: Metadata = { title: 'Sign in', robots: { index: false } };

/** Rendered per request: it depends on the settings and on the outcome of a sign-in. */
export const instant = false;

export default async function SignInPage({ searchParams }: PageProps<'/sign-in'>) {
  await connection();
  const { identity } = services();
  if (!identity) return <NotFound />;
  const query = await searchParams;
  const [problem, user] = [readProblem(query), await pageUser()];
  return (
    <div className="max-w-prose space-y-6">
      <h1>Sign in</h1>
      {problem && <Failure {...problem} />}
      {user ? (
        <p>
          You are signed in as {displayName(user)}. <a href="/account">Your account</a>
        </p>
      ) : (
        <>
          <p>
            You sign in with {identity.providerName}. This site gets your name and address from there, and
            never your password.
          </p>
          <SignInButton
            providerName={identity.providerName}
            {...(typeof query.returnTo === 'string' ? { returnTo: query.returnTo } : {})}
          />
        </>
      )}
    </div>
  );
}
