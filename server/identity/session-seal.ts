import type { Keyring } from './keyring.ts';

/** The tokens of a session that are stored. */
type StoredToken = 'id' | 'refresh';

/** Seals and opens the tokens of sessions. A sealed token cannot be opened for another session. */
export type SessionSeal = {
  /** Returns the place to which a sealed token is bound. */
  placeOf(sessionId: string, token: StoredToken): string;
  /** Returns a function that seals a token for the session with an id. */
  sealFor(token: StoredToken, text: string | null): ((sessionId: string) => string) | null;
  /** @returns undefined if there is none, or if the secret that sealed it is gone */
  open(sessionId: string, token: StoredToken, sealed: string | null): string | undefined;
};

export function createSessionSeal(keyring: Pick<Keyring, 'seal' | 'open'>): SessionSeal {
  const placeOf = (sessionId: string, token: StoredToken) => `user_session ${token}_token ${sessionId}`;
  return {
    placeOf,
    sealFor: (token, text) =>
      text === null ? null : (sessionId) => keyring.seal(text, placeOf(sessionId, token)),
    open: (sessionId, token, sealed) =>
      sealed === null ? undefined : keyring.open(sealed, placeOf(sessionId, token)),
  };
}
