import { signInUrl } from '#app/_lib/sign-in-url.ts';

/**
 * Leads to the provider, and from there to a page of this site.
 *
 * @param props.returnTo path of that page; by default the account
 */
export function SignInButton({
  providerName,
  returnTo = '/account',
}: {
  providerName: string;
  returnTo?: string;
}) {
  return (
    <p>
      <a className="button" href={signInUrl(returnTo)} rel="nofollow">
        Sign in with {providerName}
      </a>
    </p>
  );
}
