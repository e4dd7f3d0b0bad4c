/** Event of the window: a call found that the session has ended. */
export const sessionEndedEvent = 'session-ended';
/** Event of the window: another user, or nobody, is signed in now. All data of the previous one must go. */
export const sessionChangedEvent = 'session-changed';

/**
 * Returns whether the browser has a session, as far as scripts can know.
 *
 * @param marker name of the cookie by which scripts know
 */
export function hasSessionMarker(marker: string): boolean {
  return document.cookie.split('; ').includes(`${marker}=1`);
}

/** Returns whether an error means that the session has ended. */
export function isSessionEnd(reason: string | undefined): boolean {
  return reason === 'session_ended' || reason === 'sign_in_required';
}
