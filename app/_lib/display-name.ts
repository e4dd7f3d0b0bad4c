/** Returns the name of a user for that user. */
export function displayName({ name, email }: { name: string | null; email: string | null }): string {
  return name ?? email ?? 'Account';
}
