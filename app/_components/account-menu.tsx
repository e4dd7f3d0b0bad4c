import { connection } from 'next/server';
import { pageUser } from '#app/_lib/caller.ts';
import { displayName } from '#app/_lib/display-name.ts';
import { cookieNameOf } from '#server/http/cookie.ts';
import { signedInCookie } from '#server/http/session-cookie.ts';
import { services } from '#server/services.ts';
import { accountPages } from '#server/site/pages.ts';
import { Menu } from './menu.tsx';
import { PageLink } from './page-link.tsx';
import { SessionWatch } from './session-watch.tsx';
import { SignInLink } from './sign-in-link.tsx';

/**
 * The end of the header: the link for signing in, or the menu of the user. It is rendered for each request, apart from
 * the header that all have in common. Empty where users cannot sign in.
 */
export async function AccountMenu() {
  await connection();
  const { identity, env } = services();
  if (!identity) return null;
  const user = await pageUser();
  return (
    <>
      <SessionWatch user={user?.id ?? null} marker={cookieNameOf(signedInCookie, env.SITE_URL)} />
      {user ? (
        <Menu label={displayName(user)}>
          {accountPages
            .filter(({ isOffered }) => isOffered(env))
            .map(({ path, name }) => (
              <PageLink key={path} className="py-2 hover:underline" href={path}>
                {name}
              </PageLink>
            ))}
          <SignOutForm />
        </Menu>
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
