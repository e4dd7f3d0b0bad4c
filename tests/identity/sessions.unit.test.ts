import { describe, expect, test, vi } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { services } from '#server/services.ts';
import { forgetSessions, newBrowser, withIdentity } from './in-process.ts';

const identity = withIdentity({ SESSION_IDLE: '3600', SESSION_LIFETIME: '86400' });

const hour = 3_600_000;

async function signedIn(person = 'ada') {
  const browser = newBrowser();
  await browser.signIn(person);
  return browser;
}

const currentOf = async (browser: Awaited<ReturnType<typeof signedIn>>) =>
  (await browser.call('session.current')).data;

describe('a session', () => {
  test('ends when it was not used for the idle time', async () => {
    const browser = await signedIn();
    await identity.pass(hour - 60_000);
    expect(await currentOf(browser)).toMatchObject({ user: { name: 'Ada' } });
    await identity.pass(60_000);
    expect(await currentOf(browser)).toMatchObject({ user: null, ended: true });
    expect((await browser.call('account.history')).reason).toBe('session_ended');
  });

  test('that is used stays, until its lifetime is over', async () => {
    const browser = await signedIn();
    for (let passed = 0; passed < 23; passed += 0.5) {
      await identity.pass(hour / 2);
      expect((await browser.call('account.history')).status).toBe(200);
      await vi.waitFor(async () => {
        forgetSessions();
        const { idleUntil } = Object(await currentOf(browser));
        expect(Number(idleUntil) - Date.now()).toBeGreaterThan(hour / 2);
      });
    }
    await identity.pass(hour);
    expect((await browser.call('account.history')).reason).toBe('session_ended');
  });

  test('is not kept alive by a page that only asks who is signed in', async () => {
    const browser = await signedIn();
    for (const minutes of [20, 20, 19]) {
      await identity.pass(minutes * 60_000);
      expect(await currentOf(browser)).toMatchObject({ user: { name: 'Ada' } });
    }
    await identity.pass(60_000);
    expect(await currentOf(browser)).toMatchObject({ user: null });
  });

  test('is stored as used at most once in five minutes', async () => {
    const browser = await signedIn();
    const db = await services().database.open();
    const write = vi.spyOn(db, 'write');
    for (let calls = 0; calls < 5; calls += 1) await browser.call('account.history');
    expect(write).toHaveBeenCalledTimes(0);
    await identity.pass(limits.identity.touchInterval);
    await Promise.all(Array.from({ length: 5 }, () => browser.call('account.history')));
    expect(write).toHaveBeenCalledTimes(1);
    write.mockRestore();
  });

  test('that ended while a call was running is not created again', async () => {
    const browser = await signedIn();
    await identity.pass(limits.identity.touchInterval);
    const running = browser.call('account.history');
    const other = await signedIn();
    await other.call('session.revokeOthers');
    await running;
    forgetSessions();
    expect((await browser.call('account.history')).reason).toBe('session_ended');
  });

  test('the one that was not used for longest ends if a user has too many', async () => {
    const first = await signedIn('bob');
    for (let count = 1; count < limits.identity.sessionsPerUser; count += 1) await signedIn('bob');
    expect(await currentOf(first)).toMatchObject({ user: { name: 'Bob' } });
    identity.provider.requests.length = 0;
    await signedIn('bob');
    expect(await currentOf(first)).toMatchObject({ user: null, ended: true });
    await vi.waitFor(() =>
      expect(identity.provider.requests.map(({ path }) => path)).toContain('/token/revocation'),
    );
  });

  test('of a disabled user ends, and the user cannot sign in again', async () => {
    const browser = await signedIn('grace');
    const db = await identity.database();
    await db.queries
      .updateTable('user_account')
      .set({ disabled_at: 1 })
      .where('name', '=', 'Grace')
      .execute();
    forgetSessions();
    expect((await browser.call('account.history')).reason).toBe('session_ended');
    await expect(signedIn('grace')).rejects.toThrow('403');
    await db.queries.updateTable('user_account').set({ disabled_at: null }).execute();
  });
});

describe('the list of sessions', () => {
  test('names the device of each, marks the one of the call, and each can be ended', async () => {
    const here = await signedIn();
    await here.call('session.revokeOthers');
    const there = await signedIn();
    const list = Object(await here.call('session.list')).data;
    expect(list).toMatchObject([
      { current: false, device: 'Unknown device' },
      { current: true, device: 'Unknown device' },
    ]);
    const [{ id }] = list;
    expect((await here.call('session.revoke', { id })).data).toEqual({ revoked: true });
    expect((await there.call('session.list')).reason).toBe('session_ended');
    expect((await here.call('session.revoke', { id })).reason).toBe('not_found');
  });

  test('of one user has no session of another, who cannot end it', async () => {
    const [ada, bob] = [await signedIn('ada'), await signedIn('bob')];
    const [{ id }] = Object(await bob.call('session.list')).data;
    expect((await ada.call('session.revoke', { id })).reason).toBe('not_found');
    expect((await bob.call('session.list')).status).toBe(200);
    expect(JSON.stringify((await ada.call('session.list')).data)).not.toContain(id);
  });
});

test('the history has what happened, newest first, and only that of the user', async () => {
  const ada = await signedIn('ada');
  await signedIn('ada');
  await ada.call('session.revokeOthers');
  const { data } = await ada.call('account.history');
  expect(Object(data).slice(0, 3)).toMatchObject([
    { kind: 'other_sessions_revoked' },
    { kind: 'signed_in' },
    { kind: 'signed_in' },
  ]);
});

test('each user has places of their own', async () => {
  const [ada, bob] = [await signedIn('ada'), await signedIn('bob')];
  const places = [{ name: 'Berlin', lat: 52.52, lng: 13.41 }];
  expect((await ada.call('account.savedPlaces.get')).data).toEqual([]);
  expect((await ada.call('account.savedPlaces.put', { places })).data).toEqual(places);
  expect((await ada.call('account.savedPlaces.get')).data).toEqual(places);
  expect((await bob.call('account.savedPlaces.get')).data).toEqual([]);
  const tooMany = Array.from({ length: 9 }, (_, lat) => ({ name: 'x', lat, lng: 0 }));
  expect((await ada.call('account.savedPlaces.put', { places: tooMany })).reason).toBe('invalid_input');
});

test('what is over is deleted, and the refresh tokens of expired sessions are revoked', async () => {
  const db = await identity.database();
  await db.queries.deleteFrom('user_session').execute();
  const browser = await signedIn();
  await browser.begin();
  await identity.pass(24 * hour);
  identity.provider.requests.length = 0;
  services().identity?.startSweeping();
  await vi.waitFor(async () => {
    expect(await db.queries.selectFrom('user_session').select('id').execute()).toEqual([]);
    expect(await db.queries.selectFrom('sign_in').select('state_hash').execute()).toEqual([]);
    expect(identity.provider.requests).toEqual([{ method: 'POST', path: '/token/revocation' }]);
  });
  services().identity?.stopSweeping();
});

test('while the database is down, users are visitors: what is open to all still works', async () => {
  const browser = await signedIn();
  forgetSessions();
  const open = vi.spyOn(services().database, 'open').mockRejectedValue(new Error('down'));
  expect((await browser.call('fixture.body', 1)).status).toBe(200);
  expect(await browser.call('session.list')).toMatchObject({ status: 503, reason: 'identity_unavailable' });
  expect((await browser.call('session.current')).reason).toBe('identity_unavailable');
  open.mockRestore();
  forgetSessions();
  expect((await browser.call('session.list')).status).toBe(200);
});

test('signing out while the database is down signs the browser out, and says that something failed', async () => {
  const browser = await signedIn();
  forgetSessions();
  const open = vi.spyOn(services().database, 'open').mockRejectedValue(new Error('down'));
  const left = await browser.request('/auth/sign-out', {
    method: 'POST',
    headers: { 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams(),
  });
  expect(left.status).toBe(503);
  expect(browser.cookie('session')).toBeUndefined();
  open.mockRestore();
  forgetSessions();
});

test('calls of a user are charged to the user, not to the address', async () => {
  const browser = await signedIn();
  const charge = vi.spyOn(services().rateLimiter, 'charge');
  await browser.call('account.history');
  expect(charge).toHaveBeenCalledWith('light', expect.stringMatching(/^user:[\da-f-]{36}$/));
  charge.mockRestore();
});
