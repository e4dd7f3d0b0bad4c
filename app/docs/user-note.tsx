import { SignInLink } from '#app/_components/sign-in-link.tsx';
import { pageUser } from '#app/_lib/caller.ts';
import { displayName } from '#app/_lib/display-name.ts';
import { services } from '#server/services.ts';

/** Says as whom a procedure of users is called from this page. */
export async function UserNote() {
  if (!services().identity) return <p className="text-muted">This site has no sign-in, so the call fails.</p>;
  const user = await pageUser();
  if (user) return <p className="text-muted">The call is made as {displayName(user)}.</p>;
  return (
    <p className="text-muted">
      Please <SignInLink>sign in</SignInLink> first: the call is made with your session.
    </p>
  );
}
