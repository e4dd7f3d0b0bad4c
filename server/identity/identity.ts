import type { Env } from '../config/env.ts';
import type { WatchOptions } from '../live/watch.ts';
import type { NoticeQueue } from '../mail/notices.ts';
import type { Logger } from '../observability/log.ts';
import type { SessionLookup, SignedInUser, UserSource } from '../principal.ts';
import type { Coordinator } from '../process/coordinator.ts';
import type { SharedRedis } from '../redis.ts';
import type { LazyDatabase } from '../storage/lazy-database.ts';
import type { UpstreamClient } from '../upstream-client/client.ts';
import type { CallUser, TokenTarget } from '../upstream-client/user-token.ts';
import type { RefreshOutcome } from './access-tokens.ts';
import type { EmailSignIn } from './email-sign-in.ts';
import type { HistoryEntry } from './history.ts';
import type { LinkedIdentity, UnlinkOutcome } from './linked-identities.ts';
import type { FinishedSignIn } from './provider-sign-in.ts';
import type { SavedPlaces } from './saved-places.ts';
import type { Session } from './session-lookup.ts';
import type { SessionSummary } from './sessions.ts';
import type { IdentitySettings } from './settings.ts';
import type { UserOperations } from './user-operations.ts';

/** A way to sign in, as the metrics and `session.current` name it. */
export const signInMethods = ['provider', 'email'] as const;
export type SignInMethod = (typeof signInMethods)[number];

/** Outcome of a sign-in, for the metrics. */
export const signInOutcomes = ['ok', 'denied', 'failed', 'unavailable'] as const;
export type SignInOutcome = (typeof signInOutcomes)[number];

/** Sign-in and sessions. Calls throw `AppError('identity_unavailable')` while the database or the provider is down. */
export type Identity = {
  /** Name of the provider, for users; undefined if users sign in by mail alone. */
  providerName: string | undefined;
  /** Sign-in by mail; undefined if it is off. */
  email: EmailSignIn | undefined;
  /** The mails of sign-ins, for the mail service; undefined if sign-in by mail is off. */
  notices: NoticeQueue | undefined;
  /**
   * Begins a sign-in.
   *
   * @param options.browser value of the browser's binding cookie
   * @param options.session value of the session cookie that the browser has
   * @param options.isFresh true if the user must prove who they are again
   * @param options.links true to let the user of the session sign in that way, too: see `linkIdentity`
   * @returns the provider's page, and the value of the binding cookie
   */
  beginSignIn(options: {
    browser: string | undefined;
    session: string | undefined;
    returnTo: string | null;
    isFresh: boolean;
    links?: boolean;
  }): Promise<{ url: string; browser: string }>;
  /**
   * Finishes a sign-in with the query of the provider's callback. The browser's other sessions end.
   *
   * @param options.session value of the session cookie; needed only if the sign-in links an identity
   * @returns the value of the session cookie and its lifetime in milliseconds, or the error `sign_in_failed`,
   * `sign_in_denied` or `identity_unavailable`. `returnPath` is undefined if the browser did not begin the sign-in.
   */
  finishSignIn(options: {
    browser: string | undefined;
    session?: string | undefined;
    search: string;
    device: string;
  }): Promise<FinishedSignIn>;
  /** Ends the session of a cookie. @returns the page to go to: the provider's, or this site's */
  signOut(cookie: string | undefined, device: string): Promise<{ url: string }>;
  /**
   * Ends the sessions that the provider has ended.
   *
   * @param token logout token of the provider (OpenID Connect Back-Channel Logout 1.0)
   * @returns false if it is not valid, or was received before
   * @throws AppError `identity_unavailable`
   */
  endByProvider(token: string): Promise<boolean>;
  /** Looks up a session cookie. `none`: this product did not make it. */
  find(cookie: string): Promise<SessionLookup>;
  /** Audiences of the access tokens of callers. */
  audiences: IdentitySettings['audiences'];
  /** Finds the users of requests. */
  callers: {
    /** By session cookie, or by an access token for the API. */
    api: UserSource;
    /** By an access token for the MCP server. It takes no cookies. */
    mcp: UserSource;
  };
  /** Notes that a session was used. Does not wait and does not throw. */
  touch(user: SignedInUser): void;
  listSessions(user: SignedInUser): Promise<SessionSummary[]>;
  /** Yields whether a session is open: at once, and again when it has ended. */
  watchSession(session: Pick<Session, 'id'>, options: WatchOptions): AsyncIterable<boolean>;
  /** Ends one session of a user. @returns false if there is no such session */
  revokeSession(user: SignedInUser, id: string, device: string): Promise<boolean>;
  /** Ends all sessions of a user except this one. @returns their number */
  revokeOtherSessions(user: SignedInUser, device: string): Promise<number>;
  /** Returns the ways in which a user can sign in. */
  listIdentities(user: SignedInUser): Promise<LinkedIdentity[]>;
  /** Takes a way to sign in from a user, and ends the sessions that began with it, except this one. */
  unlinkIdentity(
    user: SignedInUser,
    identity: Pick<LinkedIdentity, 'issuer' | 'subject'>,
    device: string,
  ): Promise<UnlinkOutcome>;
  history(user: SignedInUser): Promise<HistoryEntry[]>;
  savedPlaces: SavedPlaces;
  /** For the operator. */
  operations: UserOperations;
  /**
   * Returns the user in the form in which calls of upstreams need them. `accessToken` throws `session_ended`,
   * `reauthentication_required` or `identity_unavailable`.
   */
  callUser(user: SignedInUser): CallUser;
  /** Returns the state of the provider, without a request. `ok` without a provider. */
  providerState(): 'ok' | 'down';
  /** Number of open sessions, counted each `limits.identity.countInterval` while this process sweeps; else undefined. */
  openSessions(): number | undefined;
  /** Makes the next look-up of each session ask the database. */
  forgetSessions(): void;
  /** Starts to delete what is over. Only one process needs to. */
  startSweeping(): void;
  stopSweeping(): void;
  close(): void;
};

export type IdentityOptions = {
  env: Env;
  log: Logger;
  database: Pick<LazyDatabase, 'open'>;
  upstreams: Pick<UpstreamClient, 'fetchText'>;
  redis?: SharedRedis | undefined;
  coordinator?: Pick<Coordinator, 'broadcast' | 'onBroadcast'> | undefined;
  /** Makes the mail service send the notices that are due. */
  wakeDelivery?: () => void;
  record?: (signIn: { method: SignInMethod; outcome: SignInOutcome }) => void;
  recordRefresh?: (outcome: RefreshOutcome) => void;
  /** The backends that are called on behalf of users. */
  targets?: readonly TokenTarget[] | undefined;
};
