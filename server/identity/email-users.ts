import { AppError } from '../errors.ts';
import type { Database } from '../storage/database.ts';
import type { ConfirmedEmail } from './email-sign-ins.ts';
import type { Keyring } from './keyring.ts';
import { type LinkingSession, type LinkOutcome, linkIdentity, linkingSession } from './linked-identities.ts';
import type { SessionCookies } from './session-cookies.ts';
import type { SessionEndings } from './session-endings.ts';
import { formatSessionToken } from './session-token.ts';
import type { Sessions } from './sessions.ts';
import type { AuditKind } from './tables.ts';
import { findOrCreateUser, type Profile } from './users.ts';

/** Issuer of the users who sign in by mail, in place of a URL. Their subject is the address in lower case. */
export const emailIssuer = 'email';

const profileOf = (address: string): Profile => ({
  issuer: emailIssuer,
  subject: address,
  name: null,
  email: address,
  isEmailVerified: true,
});

/** The browser that confirms a sign-in by mail. `session`: value of its session cookie. */
type ConfirmingBrowser = { session: string | undefined; device: string };

/** Uses addresses whose mails a user has proven to read. */
export function createEmailUsers(options: {
  open: () => Promise<Database>;
  keyring: Keyring;
  sessions: Pick<Sessions, 'create'>;
  cookies: Pick<SessionCookies, 'sessionOf' | 'parse'>;
  endings: Pick<SessionEndings, 'replace'>;
  note: (kind: AuditKind, userId: string, device: string) => Promise<void>;
}) {
  const { open, keyring, sessions, cookies, endings, note } = options;

  /**
   * Begins the session of a user who reads the mails of an address. The user is that of the address at this site, never a
   * user of the provider with the same address.
   *
   * @throws AppError `sign_in_denied` if the user is disabled
   */
  async function beginSession(
    { address, browserHash, confirmedAt }: ConfirmedEmail,
    { session: cookie, device }: ConfirmingBrowser,
  ) {
    const userId = await findOrCreateUser(await open(), profileOf(address));
    if (userId === undefined) throw new AppError('sign_in_denied');
    const previous = await cookies.sessionOf(cookie);
    const { token, lifetime, ended } = await sessions.create({
      userId,
      issuer: emailIssuer,
      subject: address,
      providerSid: null,
      roles: [],
      scopes: [],
      authenticatedAt: confirmedAt,
      device,
      browserHash,
      idToken: null,
      refreshToken: null,
    });
    await endings.replace(previous ? { id: previous.id, userId: previous.user.id } : null, ended);
    await note('signed_in', userId, device);
    return { cookie: formatSessionToken(token, keyring), lifetime };
  }

  /**
   * Lets the user of a session sign in with an address, too.
   *
   * @param linkTo the session in which the user asked for the mail
   * @returns undefined if it is not the session of the browser
   */
  async function linkAddress(
    address: string,
    linkTo: LinkingSession,
    { session: cookie, device }: ConfirmingBrowser,
  ): Promise<LinkOutcome | undefined> {
    const db = await open();
    const session = await linkingSession(db, linkTo, cookies.parse(cookie));
    if (session === undefined || session === 'ended') return session;
    const outcome = await linkIdentity(db, session, profileOf(address));
    if (outcome === 'linked') await note('linked', session.userId, device);
    return outcome;
  }

  return { beginSession, linkAddress };
}
