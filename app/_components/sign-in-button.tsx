import { signInUrl } from '#app/_lib/sign-in-url.ts';

/**
 * Leads to the provider, and from there to a page of this site.
 *
 * @param props.providerName undefined to let the user choose how to sign in
 * @param props.returnTo path of that page; by default the account
 * @param props.again the user must prove who they are again
 */
export function SignInButton({
  providerName,
  returnTo = '/account',
  again = false,
}: {
  providerName: string | undefined;
  returnTo?: string | undefined;
  again?: boolean;
}) {
  const isChosen = providerName !== undefined;
  return (
    <p>
      <a className="button" href={signInUrl(returnTo, { again, isChosen })} rel="nofollow">
        {isChosen ? `Sign in with ${providerName}` : 'Sign in'}
      </a>
    </p>
  );
}
