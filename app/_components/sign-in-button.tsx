import { signInUrl } from '#app/_lib/sign-in-url.ts';

/** Leads to the provider, and from there to the account. */
export function SignInButton({ providerName }: { providerName: string }) {
  return (
    <p>
      <a className="button" href={signInUrl('/account')} rel="nofollow">
        Sign in with {providerName}
      </a>
    </p>
  );
}
