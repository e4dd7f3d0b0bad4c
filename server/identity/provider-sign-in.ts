import { AppError } from '../errors.ts';
import type { Database } from '../storage/database.ts';
import { profileOf } from './claims.ts';
import type { Keyring } from './keyring.ts';
import {
  type LinkingSession,
  type LinkOutcome,
  linkedPath,
  linkIdentity,
  linkingSession,
} from './linked-identities.ts';
import type { Provider, ProviderResponse } from './provider.ts';
import type { ProviderLogouts } from './provider-logouts.ts';
import { claimedRolesOf } from './roles.ts';
import { formatSessionToken, parseSessionToken } from './session-token.ts';
import type { EndedSession, Sessions } from './sessions.ts';
import type { ProviderSettings } from './settings.ts';
import { type BegunSignIn, browserFormat, type SignIns } from './sign-ins.ts';
import type { AuditKind } from './tables.ts';
import { findOrCreateUser } from './users.ts';

/** The result of a finished sign-in. */
export type FinishedSignIn =
  | { kind: 'signed_in'; cookie: string; lifetime: number; returnPath: string }
  /** The identity could not be linked. The session of the browser stays as it is. */
  | { kind: 'not_linked'; returnPath: string }
  | { kind: 'failed'; error: AppError; returnPath: string | undefined };

/** The state of a sign-in that links an identity begins with it: its callback needs the session cookie. */
export const linkStatePrefix = 'link.';

/** Finishes sign-ins with the provider. */
export type ProviderSignIn = {
  /** Returns the sign-in that a callback belongs to. @returns undefined if there is none, or if another browser began it */
  take(browser: string | undefined, search: string): Promise<BegunSignIn | undefined>;
  /** @throws AppError `sign_in_failed`, `sign_in_denied` or `identity_unavailable` */
  finish(
    signIn: BegunSignIn,
    callback: { search: string; session?: string | undefined; device: string },
  ): Promise<FinishedSignIn>;
};

export function createProviderSignIn(options: {
  open: () => Promise<Database>;
  keyring: Keyring;
  provider: Pick<Provider, 'finish' | 'revoke'>;
  issuer: string;
  rolesClaim: ProviderSettings['rolesClaim'];
  signIns: Pick<SignIns, 'take'>;
  sessions: Pick<Sessions, 'create' | 'end'>;
  logouts: Pick<ProviderLogouts, 'has'>;
  /** Returns a function that seals a token for the session with an id. */
  sealFor: (token: 'id' | 'refresh', text: string | null) => ((sessionId: string) => string) | null;
  revokeTokens: (ended: readonly EndedSession[]) => Promise<void>;
  /** Ends the session that the browser had. */
  replaceSession: (
    previous: { id: string; userId: string } | null,
    ended: readonly EndedSession[],
  ) => Promise<void>;
  note: (kind: AuditKind, userId: string, device: string) => Promise<void>;
}): ProviderSignIn {
  const { open, keyring, provider, issuer, rolesClaim, signIns, sessions, logouts } = options;
  const { sealFor, revokeTokens, replaceSession, note } = options;

  async function take(browser: string | undefined, search: string): Promise<BegunSignIn | undefined> {
    const state = new URLSearchParams(search).get('state');
    // The browser is compared before the provider is asked: an attacker's callback in the browser of another user, or one
    // that is sent twice, never reaches the token endpoint.
    const isComplete =
      browser !== undefined && browserFormat.test(browser) && state !== null && state.length <= 256;
    return isComplete ? signIns.take(state, browser) : undefined;
  }

  async function finish(
    signIn: BegunSignIn,
    { search, session: cookie, device }: { search: string; session?: string | undefined; device: string },
  ): Promise<FinishedSignIn> {
    const { links, returnPath } = signIn;
    const token = cookie === undefined ? undefined : parseSessionToken(cookie, keyring);
    const session = links ? await linkingSession(await open(), signIn.previous, token) : undefined;
    if (links && session === undefined) throw new AppError('sign_in_failed');
    if (session === 'ended') return { kind: 'not_linked', returnPath: linkedPath(returnPath, 'ended') };
    const response = await provider.finish(signIn, search);
    try {
      const outcome = session === undefined ? undefined : await link(session, response, device);
      const page = outcome === undefined ? returnPath : linkedPath(returnPath, outcome);
      if (outcome !== undefined && outcome !== 'linked' && outcome !== 'known') {
        if (response.refreshToken !== null) void provider.revoke(response.refreshToken);
        return { kind: 'not_linked', returnPath: page };
      }
      return { kind: 'signed_in', ...(await beginSession(signIn, response, device)), returnPath: page };
    } catch (error) {
      if (response.refreshToken !== null) void provider.revoke(response.refreshToken);
      throw error;
    }
  }

  async function link(
    session: LinkingSession,
    response: ProviderResponse,
    device: string,
  ): Promise<LinkOutcome> {
    const profile = profileOf(response.claims, { issuer, subject: response.subject });
    const outcome = await linkIdentity(await open(), session, profile);
    if (outcome === 'linked') await note('linked', session.userId, device);
    return outcome;
  }

  /** @throws AppError `sign_in_denied` if the user is disabled */
  async function beginSession(signIn: BegunSignIn, response: ProviderResponse, device: string) {
    const profile = profileOf(response.claims, { issuer, subject: response.subject });
    const userId = await findOrCreateUser(await open(), profile);
    if (userId === undefined) throw new AppError('sign_in_denied');
    const { token, lifetime, ended } = await sessions.create({
      userId,
      issuer,
      subject: response.subject,
      providerSid: response.sid,
      roles: claimedRolesOf(response.claims, rolesClaim) ?? [],
      scopes: response.scopes,
      authenticatedAt: response.authenticatedAt ?? 0,
      device,
      browserHash: signIn.browserHash,
      idToken: sealFor('id', response.idToken),
      refreshToken: sealFor('refresh', response.refreshToken),
    });
    if (response.sid !== null && (await logouts.has(issuer, { kind: 'session', id: response.sid }))) {
      await sessions.end(token.id, { userId, why: 'provider' });
      void revokeTokens(ended);
      throw new AppError('sign_in_failed');
    }
    await replaceSession(signIn.previous, ended);
    await note('signed_in', userId, device);
    return { cookie: formatSessionToken(token, keyring), lifetime };
  }

  return { take, finish };
}
