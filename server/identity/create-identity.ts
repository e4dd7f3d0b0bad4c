import { limits } from '../config/limits.ts';
import { mcpEndpoint } from '../config/paths.ts';
import { AppError, isAppError } from '../errors.ts';
import type { Database } from '../storage/database.ts';
import { storageErrorsAs } from '../storage/storage-errors.ts';
import { createAccessTokens } from './access-tokens.ts';
import { createBearerTokens } from './bearer-tokens.ts';
import { isAllowed } from './email-address.ts';
import { createEmailSignIn } from './email-sign-in.ts';
import { createEmailSignIns } from './email-sign-ins.ts';
import { createEmailUsers, emailIssuer } from './email-users.ts';
import { createHistory } from './history.ts';
import type { Identity, IdentityOptions, SignInOutcome } from './identity.ts';
import { createKeyring } from './keyring.ts';
import { type LinkedIdentity, listIdentities, unlinkIdentity } from './linked-identities.ts';
import { noProvider } from './no-provider.ts';
import { createProvider } from './provider.ts';
import { createProviderLogouts } from './provider-logouts.ts';
import { createProviderSignIn, linkStatePrefix } from './provider-sign-in.ts';
import { returnPathOf } from './return-path.ts';
import { changeRoles } from './roles.ts';
import { createSavedPlaces } from './saved-places.ts';
import { sessionSecrets } from './secrets.ts';
import { createSessionCookies } from './session-cookies.ts';
import { createSessionCounter } from './session-counter.ts';
import { createSessionEndings } from './session-endings.ts';
import { createSessionEnds } from './session-ends.ts';
import { createSessionSeal } from './session-seal.ts';
import { randomSecret } from './session-token.ts';
import { createSessionWatch } from './session-watch.ts';
import { createSessions } from './sessions.ts';
import { identitySettingsOf } from './settings.ts';
import { createSignInNotices } from './sign-in-notices.ts';
import { browserFormat, createSignIns } from './sign-ins.ts';
import type { AuditKind } from './tables.ts';
import { createUserOperations } from './user-operations.ts';

const withStorageErrors = storageErrorsAs('identity_unavailable');

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
  const logouts = createProviderLogouts(open);
  const history = createHistory(open);
  const savedPlaces = createSavedPlaces(open);
  const seal = createSessionSeal(keyring);
  const cookies = createSessionCookies(keyring, sessions);
  const { find } = cookies;
  const endings = createSessionEndings({
    siteUrl,
    issuer,
    sessions,
    cookies,
    seal,
    provider,
    logouts,
    note,
  });
  const email =
    settings.emailAddresses &&
    createEmailSignIn({
      signIns: emailSignIns,
      allowed: settings.emailAddresses,
      siteUrl,
      wakeDelivery: options.wakeDelivery ?? (() => {}),
      ...createEmailUsers({ open, keyring, sessions, cookies, endings, note }),
      record: (outcome) => record({ method: 'email', outcome }),
    });
  const accessTokens = createAccessTokens({
    open,
    seal: keyring,
    provider,
    refreshTokenPlace: (sessionId) => seal.placeOf(sessionId, 'refresh'),
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
    sealFor: seal.sealFor,
    revokeTokens: endings.revokeTokens,
    replaceSession: endings.replace,
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

  /** Adds to the history. A failure does not undo what has happened, so it is only logged. */
  async function note(kind: AuditKind, userId: string, device: string): Promise<void> {
    log.info({ kind }, 'account');
    try {
      await history.add({ kind, userId, device });
    } catch (err) {
      log.warn({ err, kind }, 'the history of an account could not be stored');
    }
  }

  async function sweepAll(): Promise<void> {
    try {
      await sessions.sweep(endings.revokeTokens);
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
        const session = await cookies.sessionOf(cookie);
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

    signOut: endings.signOut,
    endByProvider: endings.endByProvider,
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

    revokeSession: endings.revokeSession,
    revokeOtherSessions: endings.revokeOtherSessions,

    listIdentities: ({ id }) => withStorageErrors(async () => listIdentities(await open(), id)),

    unlinkIdentity: ({ id, session }, identity, device) =>
      withStorageErrors(async () => {
        const outcome = await unlinkIdentity(await open(), id, identity, isUsable);
        if (outcome !== 'unlinked') return outcome;
        // The roles of the address may be gone.
        await forgetEverywhere();
        const ended = await sessions.endAll(id, { why: 'unlinked', kept: session?.id, identity });
        void endings.revokeTokens(ended);
        await note('unlinked', id, device);
        return outcome;
      }),

    history: ({ id }) => withStorageErrors(() => history.list(id)),

    savedPlaces: {
      get: (userId) => withStorageErrors(() => savedPlaces.get(userId)),
      put: (userId, places) => withStorageErrors(() => savedPlaces.put(userId, places)),
    },

    operations: createUserOperations({
      open,
      sessions,
      history,
      revokeTokens: endings.revokeTokens,
      note,
    }),

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
