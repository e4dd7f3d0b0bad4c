import type { ServerResponse } from 'node:http';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { Identity } from '#server/identity/identity.ts';
import type { TokenTarget } from '#server/upstream-client/user-token.ts';
import { onEachStorage } from '#tests/support/each-database.ts';
import { type IdentityProvider, startIdentityProvider } from '#tests/support/upstreams/identity-provider.ts';
import { openDatabaseOf, signInAt, siteUrl, startInstance, userOf } from './instance.ts';

const notes: TokenTarget = {
  parameter: 'resource',
  value: 'http://notes.localhost',
  scopes: ['drafts:read'],
};
const files: TokenTarget = { parameter: 'resource', value: 'http://files.localhost', scopes: ['files:read'] };

let provider: IdentityProvider;
beforeAll(async () => {
  provider = await startIdentityProvider({
    siteUrl,
    accessTokenLifetime: 60,
    resources: { [notes.value]: ['drafts:read'], [files.value]: ['files:read'] },
  });
});
afterAll(() => provider.close());
beforeEach(() => {
  provider.requests.length = 0;
  provider.intercept = undefined;
});

const refreshes = () => provider.requests.filter(({ path }) => path === '/token').length;

onEachStorage((storage) => {
  const instance = () => startInstance({ storage: storage(), provider, targets: [notes, files] });

  async function signedIn(identity: Identity) {
    const user = await userOf(identity, await signInAt(identity, identity));
    provider.requests.length = 0;
    return user;
  }

  test('a token is for its backend alone, and is used until shortly before its end', async () => {
    const identity = instance();
    const user = await signedIn(identity);
    const token = await identity.callUser(user).accessToken(notes);
    expect(decodeJwt(token)).toMatchObject({ aud: notes.value, scope: 'drafts:read' });
    expect(await identity.callUser(user).accessToken(notes)).toBe(token);
    expect(await instance().callUser(user).accessToken(notes)).toBe(token);
    expect(refreshes()).toBe(1);
    await (await openDatabaseOf(storage())).queries
      .updateTable('access_token')
      .set({ use_until: 0 })
      .execute();
    expect(await instance().callUser(user).accessToken(notes)).not.toBe(token);
    expect(refreshes()).toBe(2);
  });

  test('calls of several instances at once, for two backends, ask once for each backend', async () => {
    const instances = [instance(), instance(), instance()];
    const [first = instance()] = instances;
    const user = await signedIn(first);
    const targets = instances.flatMap((identity) =>
      [notes, files].flatMap((target) => Array.from({ length: 5 }, () => ({ identity, target }))),
    );
    const tokens = await Promise.all(
      targets.map(async ({ identity, target }) => ({
        audience: decodeJwt(await identity.callUser(user).accessToken(target)).aud,
        target,
      })),
    );
    for (const { audience, target } of tokens) expect(audience).toBe(target.value);
    expect(refreshes()).toBe(2);
  });

  test('a token that the backend refuses is refreshed, and calls that saw the same one share the new one', async () => {
    const identity = instance();
    const user = await signedIn(identity);
    const refused = await identity.callUser(user).accessToken(notes);
    const tokens = await Promise.all(
      Array.from({ length: 5 }, () => identity.callUser(user).accessToken(notes, { refused })),
    );
    expect(new Set(tokens).size).toBe(1);
    expect(tokens[0]).not.toBe(refused);
    expect(refreshes()).toBe(2);
  });

  test('a refresh token that the provider refuses ends the session, and the history says so', async () => {
    const [identity, other] = [instance(), instance()];
    const cookie = await signInAt(identity, identity);
    const user = await userOf(identity, cookie);
    provider.intercept = ({ url }, response) => {
      if (url !== '/token') return false;
      response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"invalid_grant"}');
      return true;
    };
    await expect(identity.callUser(user).accessToken(notes)).rejects.toMatchObject({
      reason: 'session_ended',
    });
    expect(await identity.find(cookie)).toEqual({ kind: 'ended' });
    await expect(other.callUser(user).accessToken(notes)).rejects.toMatchObject({ reason: 'session_ended' });
    provider.intercept = undefined;
    const again = await signedIn(identity);
    expect((await identity.history(again)).map(({ kind }) => kind)).toContain('ended_by_provider');
  });

  test('a backend that was added after the sign-in needs another one', async () => {
    const before = startInstance({ storage: storage(), provider, targets: [notes] });
    const cookie = await signInAt(before, before);
    const user = await userOf(before, cookie);
    await expect(instance().callUser(user).accessToken(files)).rejects.toMatchObject({
      reason: 'reauthentication_required',
    });
    expect(decodeJwt(await instance().callUser(user).accessToken(notes)).aud).toBe(notes.value);
    const again = await signedIn(instance());
    expect(decodeJwt(await instance().callUser(again).accessToken(files)).aud).toBe(files.value);
  });

  test.each([
    ['fails', (response) => response.writeHead(500).end('{}'), 1],
    ['is gone', (response) => response.destroy(), 2],
    ['does not respond', () => undefined, 1],
  ] as [string, (response: ServerResponse) => unknown, number][])(
    'a provider that %s leaves the session as it is, and the next call succeeds',
    async (_, answer, requests) => {
      const identity = instance();
      const user = await signedIn(identity);
      provider.intercept = ({ url }, response) => {
        if (url !== '/token') return false;
        answer(response);
        return true;
      };
      await expect(identity.callUser(user).accessToken(notes)).rejects.toMatchObject({
        reason: 'identity_unavailable',
      });
      expect(refreshes()).toBe(requests);
      provider.intercept = undefined;
      const later = instance();
      expect(decodeJwt(await later.callUser(user).accessToken(notes)).aud).toBe(notes.value);
    },
  );

  test('a refresh of a process that is gone is taken over', async () => {
    const identity = instance();
    const user = await signedIn(identity);
    const db = await openDatabaseOf(storage());
    const soon = await db.queries.selectNoFrom(db.now().as('now')).executeTakeFirstOrThrow();
    await db.queries
      .updateTable('user_session')
      .set({ lease: 'of a process that is gone', lease_until: Number(soon.now) + 500 })
      .execute();
    expect(decodeJwt(await identity.callUser(user).accessToken(notes)).aud).toBe(notes.value);
  });

  test('a process that was stopped while it refreshed, and overtaken, writes nothing', async () => {
    const [slow, fast] = [instance(), instance()];
    const user = await signedIn(slow);
    const held = Promise.withResolvers<void>();
    let requests = 0;
    provider.intercept = ({ url }, response) => {
      if (url !== '/token' || ++requests > 1) return false;
      void held.promise.then(() =>
        response.writeHead(200, { 'content-type': 'application/json' }).end(
          JSON.stringify({
            access_token: 'late',
            token_type: 'bearer',
            expires_in: 60,
            refresh_token: 'late',
          }),
        ),
      );
      return true;
    };
    const late = slow.callUser(user).accessToken(notes);
    await vi.waitFor(() => expect(requests).toBe(1));
    // The stopped process cannot renew its lease.
    const db = await openDatabaseOf(storage());
    await db.queries.updateTable('user_session').set({ lease: 'stopped', lease_until: 0 }).execute();
    const token = await fast.callUser(user).accessToken(notes);
    held.resolve();
    expect(await late).toBe(token);
    expect(await instance().callUser(user).accessToken(notes)).toBe(token);
  });

  test('an aborted call stops waiting, and the refresh goes on', async () => {
    const identity = instance();
    const user = await signedIn(identity);
    const reason = new Error('the caller has left');
    const controller = new AbortController();
    const left = identity.callUser(user).accessToken(notes, { signal: controller.signal });
    controller.abort(reason);
    await expect(left).rejects.toBe(reason);
    expect(decodeJwt(await identity.callUser(user).accessToken(notes)).aud).toBe(notes.value);
    expect(refreshes()).toBe(1);
  });

  test('the database has no token in plain text', async () => {
    const identity = instance();
    const user = await signedIn(identity);
    const token = await identity.callUser(user).accessToken(notes);
    const db = await openDatabaseOf(storage());
    const rows = [
      await db.queries.selectFrom('user_session').selectAll().execute(),
      await db.queries.selectFrom('access_token').selectAll().execute(),
    ];
    expect(rows.flat()).toHaveLength(2);
    expect(JSON.stringify(rows)).not.toContain(token.slice(0, 30));
    expect(JSON.stringify(rows)).not.toContain(token.slice(-30));
  });
});
