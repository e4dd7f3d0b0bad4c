/**
 * Returns the address that begins a sign-in.
 *
 * @param returnTo path of the page to return to
 * @param options.again the user must prove who they are again
 * @param options.isChosen the user has chosen the provider, where there are several ways to sign in
 */
export function signInUrl(returnTo: string, { again = false, isChosen = false } = {}): string {
  const query = new URLSearchParams({
    returnTo,
    ...(again ? { again: '1' } : {}),
    ...(isChosen ? { with: 'provider' } : {}),
  });
  return `/auth/sign-in?${query}`;
}
