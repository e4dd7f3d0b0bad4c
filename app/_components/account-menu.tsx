import { connection } from 'next/server';
import { pageUser } from '#app/_lib/caller.ts';
import { displayName } from '#app/_lib/display-name.ts';
import { services } from '#server/services.ts';
import { PageLink } from './page-link.tsx';
import { SessionWatch } from './session-watch.tsx';
import { SignInLink } from './sign-in-link.tsx';

/**
 * The end of the header: the link for signing in, or the menu of the user. It is rendered for each request, apart from
 * the header that all have in common. Empty where users cannot sign in.
 */
export async function AccountMenu() {
  await connection();
  if (!services().identity) return null;
  const user = await pageUser();
  return (
    <>
      <SessionWatch user={user?.id ?? null} />
      {user ? (
        <details className="relative">
          <summary className="cursor-pointer truncate py-2 text-muted hover:text-ink">
            {displayName(user)}
          </summary>
          <div className="absolute right-0 z-10 flex w-44 flex-col gap-1 rounded-lg border border-line bg-surface p-3 text-left">
            <PageLink className="py-2 hover:underline" href="/account">
              Your account
            </PageLink>
            <SignOutForm />
          </div>
        </details>
      ) : (
        <SignInLink className="block py-2 text-muted hover:text-ink">Sign in</SignInLink>
      )}
    </>
  );
}

/** A form, because a link could be followed by another site or by a browser that loads ahead. */
export function SignOutForm() {
  return (
    <form method="post" action="/auth/sign-out">
      <button className="button-quiet w-full" type="submit">
        Sign out
      </button>
    </form>
  );
}

/** Takes the place of the menu until it arrives. Without JavaScript it stays. */
export function AccountMenuFallback() {
  return (
    <noscript>
      <a className="block py-2 text-muted hover:text-ink" href="/account">
        Account
      </a>
    </noscript>
  );
}
