import { Failure } from '#app/_components/failure.tsx';
import { SignInButton } from '#app/_components/sign-in-button.tsx';
import type { AppError } from '#server/errors.ts';
import { services } from '#server/services.ts';

/** What callers see who may not see the status: how to sign in, or that they have no right to it. */
export function ClosedStatus({ refusal }: { refusal: AppError }) {
  const { identity } = services();
  switch (refusal.reason) {
    case 'identity_unavailable':
      return (
        <Failure message={refusal.publicMessage}>
          <a href="/status">Try again</a>
        </Failure>
      );
    case 'sign_in_required':
    case 'session_ended':
      return (
        <>
          <p>The status of this site is only for those who run it. Sign in to see it.</p>
          <SignInButton
            providerName={identity?.email ? undefined : identity?.providerName}
            returnTo="/status"
          />
        </>
      );
    case 'forbidden':
      return (
        <p>The status of this site is only for those who run it. Your account has no role that may see it.</p>
      );
    default:
      return <p>The status of this site is not public.</p>;
  }
}
