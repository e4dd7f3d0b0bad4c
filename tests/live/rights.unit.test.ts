import { expect, test } from 'vitest';
import type { Principal, SignedInUser } from '#server/principal.ts';
import { holdsRights } from '#server/trpc/http/event-stream.ts';

const ada: SignedInUser = {
  id: 'ada',
  name: null,
  email: null,
  roles: [],
  scopes: [],
  authenticationAge: 0,
  session: null,
};
const open = { env: { STATUS_ROLES: [] }, identity: {} };
const closed = { env: { STATUS_ROLES: ['admin'] }, identity: {} };
const visitor: Principal = { kind: 'visitor', key: '203.0.113.7' };
const user = (changed: Partial<SignedInUser> = {}): Principal => ({
  kind: 'user',
  user: { ...ada, ...changed },
});

test.each<[string, Principal, string[], () => Principal | Promise<Principal>, boolean]>([
  ['of a visitor goes on', visitor, ['email.watch'], () => visitor, true],
  ['of a user goes on', user(), ['email.watch'], () => user(), true],
  ['of a user whose session has ended does not', user(), ['email.watch'], () => visitor, false],
  ['of a user who is another one now does not', user(), ['email.watch'], () => user({ id: 'bob' }), false],
  [
    'whose user cannot be looked up does not',
    user(),
    ['email.watch'],
    () => Promise.reject(new Error('down')),
    false,
  ],
  // Stands for a requirement that the user has met when the stream began.
  [
    'whose user no longer meets a requirement does not',
    user(),
    ['email.watch', 'session.revokeOthers'],
    () => user({ authenticationAge: Number.POSITIVE_INFINITY }),
    false,
  ],
])('a stream %s', async (_, principal, paths, authenticate, goesOn) => {
  expect(await holdsRights({ ctx: { principal, services: open }, paths }, authenticate)).toBe(goesOn);
});

test('a stream of the status does not go on when the user has lost the role that it needs', async () => {
  const principal = user({ roles: ['admin'] });
  const goesOn = (now: Principal) =>
    holdsRights({ ctx: { principal, services: closed }, paths: ['proxy.watch'] }, () => now);
  expect(await goesOn(principal)).toBe(true);
  expect(await goesOn(user({ roles: ['editor'] }))).toBe(false);
});
