import { storageErrorsAs } from '../storage/storage-errors.ts';
import type { Identity } from './identity.ts';
import type { Provider } from './provider.ts';
import type { ProviderLogouts } from './provider-logouts.ts';
import type { SessionCookies } from './session-cookies.ts';
import type { SessionSeal } from './session-seal.ts';
import type { EndedSession, Sessions } from './sessions.ts';
import type { AuditKind } from './tables.ts';

/** Ends sessions: for the user, for the provider, and for the next sign-in of a browser. */
export type SessionEndings = Pick<
  Identity,
  'signOut' | 'endByProvider' | 'revokeSession' | 'revokeOtherSessions'
> & {
  /** Ends the session that a browser had before a sign-in, and revokes its tokens and those of `ended`. */
  replace(previous: { id: string; userId: string } | null, ended: readonly EndedSession[]): Promise<void>;
  /** Revokes the refresh tokens of ended sessions at the provider, one after the other. Does not throw. */
  revokeTokens(ended: readonly EndedSession[]): Promise<void>;
};

const withStorageErrors = storageErrorsAs('identity_unavailable');

export function createSessionEndings(options: {
  siteUrl: string;
  issuer: string;
  sessions: Pick<Sessions, 'end' | 'endAll' | 'endByProvider'>;
  cookies: Pick<SessionCookies, 'sessionOf'>;
  seal: Pick<SessionSeal, 'open'>;
  provider: Pick<Provider, 'revoke' | 'endSessionUrl' | 'logoutOf'>;
  logouts: Pick<ProviderLogouts, 'has' | 'add'>;
  note: (kind: AuditKind, userId: string, device: string) => Promise<void>;
}): SessionEndings {
  const { siteUrl, issuer, sessions, cookies, seal, provider, logouts, note } = options;

  async function revokeTokens(ended: readonly EndedSession[]): Promise<void> {
    for (const { id, refreshTokenSealed } of ended) {
      const token = seal.open(id, 'refresh', refreshTokenSealed);
      if (token) await provider.revoke(token);
    }
  }

  return {
    revokeTokens,

    async replace(previous, ended) {
      const replaced =
        previous && (await sessions.end(previous.id, { userId: previous.userId, why: 'replaced' }));
      void revokeTokens([...ended, ...(replaced ? [replaced] : [])]);
    },

    async signOut(cookie, device) {
      const ended = await withStorageErrors(async () => {
        const session = await cookies.sessionOf(cookie);
        if (!session) return undefined;
        const { id: userId } = session.user;
        const row = await sessions.end(session.id, { userId, why: 'signed_out' });
        if (row) await note('signed_out', userId, device);
        return row;
      });
      if (!ended) return { url: `${siteUrl}/` };
      const refreshToken = seal.open(ended.id, 'refresh', ended.refreshTokenSealed);
      // Some providers keep refresh tokens alive beyond their own session.
      if (refreshToken) await provider.revoke(refreshToken);
      // The provider has no session of a user who signed in by mail.
      if (ended.idTokenSealed === null) return { url: `${siteUrl}/` };
      const idToken = seal.open(ended.id, 'id', ended.idTokenSealed) ?? null;
      return { url: (await provider.endSessionUrl(idToken)) ?? `${siteUrl}/` };
    },

    endByProvider: (logoutToken) =>
      withStorageErrors(async () => {
        const logout = await provider.logoutOf(logoutToken);
        if (!logout) return false;
        const { sid, subject, tokenId } = logout;
        if (await logouts.has(issuer, { kind: 'token', id: tokenId })) return false;
        // Before the sessions end: a sign-in that finishes meanwhile looks for it.
        if (sid !== undefined) await logouts.add(issuer, { kind: 'session', id: sid });
        const ended = await sessions.endByProvider({ issuer, sid, subject });
        void revokeTokens(ended);
        for (const { userId, device } of ended) await note('ended_by_provider', userId, device);
        // Last: if something fails before, the provider sends the token again.
        await logouts.add(issuer, { kind: 'token', id: tokenId });
        return true;
      }),

    revokeSession: (user, id, device) =>
      withStorageErrors(async () => {
        const ended = await sessions.end(id, { userId: user.id, why: 'revoked' });
        if (!ended) return false;
        void revokeTokens([ended]);
        await note('session_revoked', user.id, device);
        return true;
      }),

    revokeOtherSessions: (user, device) =>
      withStorageErrors(async () => {
        const kept = user.session?.id;
        const ended = await sessions.endAll(user.id, { why: 'revoked', kept });
        void revokeTokens(ended);
        if (ended.length > 0) await note('other_sessions_revoked', user.id, device);
        return ended.length;
      }),
  };
}
