/**
 * What happened to a verified delivery. accepted: stored as a job; duplicate: it was stored before; ignored: nothing is
 * stored, because events of this type are not handled, or because it only tests the connection.
 */
export const acceptances = ['accepted', 'duplicate', 'ignored'] as const;
export type Acceptance = (typeof acceptances)[number];
