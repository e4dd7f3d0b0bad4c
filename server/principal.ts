/** On whose behalf a call is made: what limits are charged to and rights are read from. */
export type Principal =
  /** Code in this process that acts for nobody outside, such as a test or a script. */
  | { kind: 'internal' }
  /** Anyone, known by a key made from the network address. */
  | { kind: 'visitor'; key: string }
  /** Another service, known by its key. */
  | { kind: 'service'; name: string; scopes: readonly string[] };

/** The bucket that a principal's calls are charged to; null for none. */
export function bucketOf(principal: Principal): string | null {
  switch (principal.kind) {
    case 'internal':
      return null;
    case 'visitor':
      return `visitor:${principal.key}`;
    case 'service':
      return `service:${principal.name}`;
  }
}
