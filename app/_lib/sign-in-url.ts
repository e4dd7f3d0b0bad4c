/**
 * Returns the address that begins a sign-in.
 *
 * @param returnTo path of the page to return to
 * @param options.again the user must prove who they are again
 */
export function signInUrl(returnTo: string, { again = false } = {}): string {
  return `/auth/sign-in?${new URLSearchParams({ returnTo, ...(again ? { again: '1' } : {}) })}`;
}
