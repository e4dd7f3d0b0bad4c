import { LRUCache } from 'lru-cache';
import type { Env } from '../config/env.ts';
import { limits } from '../config/limits.ts';
import { mcpEndpoint } from '../config/paths.ts';
import { AppError, isAppError } from '../errors.ts';
import type { WatchOptions } from '../live/watch.ts';
import type { NoticeQueue } from '../mail/notices.ts';
import type { Logger } from '../observability/log.ts';
import type { SessionLookup, SignedInUser, UserSource } from '../principal.ts';
import type { Coordinator } from '../process/coordinator.ts';
import type { SharedRedis } from '../redis.ts';
import type { Database } from '../storage/database.ts';
import type { LazyDatabase } from '../storage/lazy-database.ts';
import { storageErrorsAs } from '../storage/storage-errors.ts';
import type { UpstreamClient } from '../upstream-client/client.ts';
import type { CallUser, TokenTarget } from '../upstream-client/user-token.ts';
import { createAccessTokens, type RefreshOutcome } from './access-tokens.ts';
import { createBearerTokens } from './bearer-tokens.ts';
import { isAllowed } from './email-address.ts';
import { createEmailSignIn, type EmailSignIn } from './email-sign-in.ts';
import { type ConfirmedEmail, createEmailSignIns } from './email-sign-ins.ts';
import { createHistory, type HistoryEntry } from './history.ts';
import { createKeyring } from './keyring.ts';
import {
  type LinkedIdentity,
  listIdentities,
  type UnlinkOutcome,
  unlinkIdentity,
} from './linked-identities.ts';
import { noProvider } from './no-provider.ts';
import { createProvider } from './provider.ts';
import { createProviderLogouts } from './provider-logouts.ts';
import { createProviderSignIn, type FinishedSignIn, linkStatePrefix } from './provider-sign-in.ts';
import { returnPathOf } from './return-path.ts';
import { changeRoles } from './roles.ts';
import { createSavedPlaces, type SavedPlaces } from './saved-places.ts';
import { sessionSecrets } from './secrets.ts';
import { createSessionCounter } from './session-counter.ts';
import { createSessionEnds } from './session-ends.ts';
import type { Session } from './session-lookup.ts';
import { formatSessionToken, parseSessionToken, randomSecret, type SessionToken } from './session-token.ts';
import { createSessionWatch } from './session-watch.ts';
import { createSessions, type EndedSession, type SessionSummary } from './sessions.ts';
import { type IdentitySettings, identitySettingsOf } from './settings.ts';
import { createSignInNotices } from './sign-in-notices.ts';
import { browserFormat, createSignIns } from './sign-ins.ts';
import type { AuditKind } from './tables.ts';
import { createUserOperations, type UserOperations } from './user-operations.ts';
import { findOrCreateUser } from './users.ts';

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

const withStorageErrors = storageErrorsAs('identity_unavailable');

/** Issuer of the users who sign in by mail, in place of a URL. Their subject is the address in lower case. */
const emailIssuer = 'email';

/** @returns undefined if sign-in is off */
export function createIdentity(options: IdentityOptions): Identity | undefined {
  const { env, log, database, record = () => {} } = options;
  const given = identitySettingsOf(env);
  if (!given) return undefined;
  const settings = given;
  const { siteUrl } = settings;
  const issuer = settings.provider?.issuer ?? '';
  const { rolesByAddress } = settings;
  const rolesClaim = settings.provider?.rolesClaim ?? [];

  const open = (): Promise<Database> => database.open();
  const keyring = createKeyring(sessionSecrets(env, log));
  const { upstreams, targets } = options;
  const provider = settings.provider
    ? createProvider({ settings: settings.provider, upstreams, log, ...(targets ? { targets } : {}) })
    : noProvider;
  const ends = createSessionEnds({
    ...options,
    redis: options.redis,
    coordinator: options.coordinator,
    onEnd: () => forget(),
  });
  const sessions = createSessions({
    open,
    times: settings.times,
    rolesByAddress,
    announceEnd: () => ends.announce(),
  });
  const sessionWatch = createSessionWatch({ open, times: settings.times, log });
  const bearerTokens = createBearerTokens({
    open,
    provider,
    settings: { issuer, rolesClaim, rolesByAddress },
  });
  const signIns = createSignIns(open, keyring);
  const emailSignIns = createEmailSignIns(open, keyring);
  const email =
    settings.emailAddresses &&
    createEmailSignIn({
      signIns: emailSignIns,
      allowed: settings.emailAddresses,
      siteUrl,
      wakeDelivery: options.wakeDelivery ?? (() => {}),
      beginSession: beginEmailSession,
      record: (outcome) => record({ method: 'email', outcome }),
    });
  const logouts = createProviderLogouts(open);
  const history = createHistory(open);
  const savedPlaces = createSavedPlaces(open);
  /** Tokens by cookie: checking the tag costs more than the rest of a look-up. Whether a session has ended is not here. */
  const tokens = new LRUCache<string, SessionToken>({ max: limits.identity.sessionsInMemory });
  const accessTokens = createAccessTokens({
    open,
    seal: keyring,
    provider,
    refreshTokenPlace: (sessionId) => tokenPlace(sessionId, 'refresh'),
    async endRefused({ id, userId }, generation) {
      const ended = await sessions.end(id, { userId, why: 'provider', generation });
      if (ended) await note('ended_by_provider', userId, ended.device);
      return ended !== undefined;
    },
    async applyRoles({ id }, claimed) {
      try {
        const changed = await changeRoles(await open(), id, claimed);
        if (!changed) return;
        await forgetEverywhere();
        await note('roles_changed', changed.userId, changed.device);
      } catch (err) {
        log.warn({ err }, 'changed roles could not be stored: the next refresh tries again');
      }
    },
    ...(options.recordRefresh ? { record: options.recordRefresh } : {}),
  });
  const providerSignIn = createProviderSignIn({
    open,
    keyring,
    provider,
    issuer,
    rolesClaim,
    signIns,
    sessions,
    logouts,
    sealFor: (token, text) => sealFor(token, text),
    revokeTokens,
    replaceSession,
    note,
  });
  let sweep: NodeJS.Timeout | undefined;
  const counter = createSessionCounter(sessions, log);

  function forget(): void {
    sessions.forget();
    bearerTokens.forget();
    sessionWatch.look();
  }

  /** Makes the next look-up of each session and user ask the database, in all processes. */
  async function forgetEverywhere(): Promise<void> {
    forget();
    await ends.announce();
  }

  /** Returns whether a user can sign in with an identity: settings may have changed since it was added. */
  function isUsable(identity: Pick<LinkedIdentity, 'issuer' | 'subject'>): boolean {
    if (identity.issuer !== emailIssuer) return identity.issuer === settings.provider?.issuer;
    return settings.emailAddresses !== undefined && isAllowed(identity.subject, settings.emailAddresses);
  }

  const tokenPlace = (sessionId: string, token: 'id' | 'refresh') =>
    `user_session ${token}_token ${sessionId}`;
  const sealFor = (token: 'id' | 'refresh', text: string | null) =>
    text === null ? null : (sessionId: string) => keyring.seal(text, tokenPlace(sessionId, token));

  /** Revokes the refresh tokens of ended sessions at the provider, one after the other. Does not throw. */
  async function revokeTokens(ended: readonly EndedSession[]): Promise<void> {
    for (const { id, refreshTokenSealed } of ended) {
      const token = refreshTokenSealed && keyring.open(refreshTokenSealed, tokenPlace(id, 'refresh'));
      if (token) await provider.revoke(token);
    }
  }

  /** Adds to the history. A failure does not undo what has happened, so it is only logged. */
  async function note(kind: AuditKind, userId: string, device: string): Promise<void> {
    log.info({ kind }, 'account');
    try {
      await history.add({ kind, userId, device });
    } catch (err) {
      log.warn({ err, kind }, 'the history of an account could not be stored');
    }
  }

  async function sessionOf(cookie: string | undefined): Promise<Session | undefined> {
    const token = cookie === undefined ? undefined : parseSessionToken(cookie, keyring);
    return token && sessions.find(token);
  }

  /** Ends the session that a browser had before a sign-in, and revokes its tokens and those of `ended`. */
  async function replaceSession(
    previous: { id: string; userId: string } | null,
    ended: readonly EndedSession[],
  ): Promise<void> {
    const replaced =
      previous && (await sessions.end(previous.id, { userId: previous.userId, why: 'replaced' }));
    void revokeTokens([...ended, ...(replaced ? [replaced] : [])]);
  }

  /**
   * Begins the session of a user who reads the mails of an address. The user is that of the address at this site, never a
   * user of the provider with the same address.
   *
   * @throws AppError `sign_in_denied` if the user is disabled
   */
  async function beginEmailSession(
    { address, browserHash, confirmedAt }: ConfirmedEmail,
    { session: cookie, device }: { session: string | undefined; device: string },
  ) {
    const profile = {
      issuer: emailIssuer,
      subject: address,
      name: null,
      email: address,
      isEmailVerified: true,
    };
    const userId = await findOrCreateUser(await open(), profile);
    if (userId === undefined) throw new AppError('sign_in_denied');
    const previous = await sessionOf(cookie);
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
    await replaceSession(previous ? { id: previous.id, userId: previous.user.id } : null, ended);
    await note('signed_in', userId, device);
    return { cookie: formatSessionToken(token, keyring), lifetime };
  }

  async function find(cookie: string): Promise<SessionLookup> {
    const token = tokens.get(cookie) ?? parseSessionToken(cookie, keyring);
    if (!token) return { kind: 'none' };
    const session = await withStorageErrors(() => sessions.find(token));
    if (!session) return { kind: 'ended' };
    tokens.set(cookie, token);
    return { kind: 'user', user: toUser(session) };
  }

  async function sweepAll(): Promise<void> {
    try {
      await sessions.sweep(revokeTokens);
      await signIns.sweep();
      await emailSignIns.sweep();
      await logouts.sweep();
      await history.sweep();
    } catch (err) {
      log.warn({ err }, 'ended sessions could not be deleted');
    }
  }

  return {
    providerName: settings.provider?.providerName,
    email,
    notices: email && createSignInNotices({ open, keyring, siteUrl }),

    async beginSignIn({ browser = '', session: cookie, returnTo, isFresh, links = false }) {
      const statePrefix = links ? linkStatePrefix : '';
      const { url, ...secrets } = await provider.begin({ isFresh, statePrefix });
      const binding = browserFormat.test(browser) ? browser : randomSecret();
      const returnPath = returnPathOf(returnTo, siteUrl);
      await withStorageErrors(async () => {
        const session = await sessionOf(cookie);
        const previous = session ? { id: session.id, userId: session.user.id } : null;
        await signIns.add({ ...secrets, returnPath, isFresh, previous, links }, binding);
      });
      return { url, browser: binding };
    },

    async finishSignIn({ browser, ...callback }) {
      let returnPath: string | undefined;
      try {
        return await withStorageErrors(async () => {
          const signIn = await providerSignIn.take(browser, callback.search);
          if (!signIn) throw new AppError('sign_in_failed');
          returnPath = signIn.returnPath;
          const finished = await providerSignIn.finish(signIn, callback);
          record({ method: 'provider', outcome: finished.kind === 'signed_in' ? 'ok' : 'denied' });
          return finished;
        });
      } catch (error) {
        if (!isAppError(error)) throw error;
        record({ method: 'provider', outcome: outcomeOf(error) });
        return { kind: 'failed', error, returnPath };
      }
    },

    async signOut(cookie, device) {
      const ended = await withStorageErrors(async () => {
        const session = await sessionOf(cookie);
        if (!session) return undefined;
        const { id: userId } = session.user;
        const row = await sessions.end(session.id, { userId, why: 'signed_out' });
        if (row) await note('signed_out', userId, device);
        return row;
      });
      if (!ended) return { url: `${siteUrl}/` };
      const refreshToken =
        ended.refreshTokenSealed && keyring.open(ended.refreshTokenSealed, tokenPlace(ended.id, 'refresh'));
      // Some providers keep refresh tokens alive beyond their own session.
      if (refreshToken) await provider.revoke(refreshToken);
      // The provider has no session of a user who signed in by mail.
      if (ended.idTokenSealed === null) return { url: `${siteUrl}/` };
      const idToken = keyring.open(ended.idTokenSealed, tokenPlace(ended.id, 'id')) ?? null;
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

    find,
    audiences: settings.audiences,
    callers: {
      api: {
        sessions: { find },
        findByToken: (token) => bearerTokens.userOf(token, settings.audiences.api),
      },
      mcp: {
        resource: mcpEndpoint,
        findByToken: (token) => bearerTokens.userOf(token, settings.audiences.mcp),
      },
    },

    touch({ session }) {
      if (!session) return;
      sessions.touch(session).catch((err: unknown) => {
        log.warn({ err }, 'the last use of a session could not be stored');
      });
    },

    async *watchSession({ id }, watchOptions) {
      for await (const state of sessionWatch.states(id, watchOptions)) yield state === 'open';
    },

    listSessions: ({ id }) => withStorageErrors(() => sessions.list(id)),

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

    listIdentities: ({ id }) => withStorageErrors(async () => listIdentities(await open(), id)),

    unlinkIdentity: ({ id, session }, identity, device) =>
      withStorageErrors(async () => {
        const outcome = await unlinkIdentity(await open(), id, identity, isUsable);
        if (outcome !== 'unlinked') return outcome;
        // The roles of the address may be gone.
        await forgetEverywhere();
        const ended = await sessions.endAll(id, { why: 'unlinked', kept: session?.id, identity });
        void revokeTokens(ended);
        await note('unlinked', id, device);
        return outcome;
      }),

    history: ({ id }) => withStorageErrors(() => history.list(id)),

    savedPlaces: {
      get: (userId) => withStorageErrors(() => savedPlaces.get(userId)),
      put: (userId, places) => withStorageErrors(() => savedPlaces.put(userId, places)),
    },

    operations: createUserOperations({ open, sessions, history, revokeTokens, note }),

    callUser: ({ id, session }) => ({
      id,
      async accessToken(target, tokenOptions) {
        // The caller's own token is not for the backend.
        if (!session) throw new AppError('forbidden');
        return accessTokens.get({ id: session.id, userId: id }, target, tokenOptions);
      },
    }),

    providerState: provider.lastState,
    openSessions: counter.count,
    forgetSessions: forget,

    startSweeping() {
      sweep ??= setInterval(() => void sweepAll(), limits.identity.sweepInterval).unref();
      void sweepAll();
      counter.start();
    },
    stopSweeping() {
      counter.stop();
      clearInterval(sweep);
      sweep = undefined;
    },
    close() {
      counter.stop();
      clearInterval(sweep);
      ends.close();
    },
  };
}

function outcomeOf({ reason }: AppError): SignInOutcome {
  if (reason === 'sign_in_denied') return 'denied';
  return reason === 'sign_in_failed' ? 'failed' : 'unavailable';
}

function toUser(session: Session): SignedInUser {
  const { user, roles, scopes, authenticationAge } = session;
  return { ...user, roles, scopes, authenticationAge, session };
}
