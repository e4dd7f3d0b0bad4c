import { describe, expect, test } from 'vitest';
import type { Principal } from '#server/principal.ts';
import { services } from '#server/services.ts';
import { createInnerContext } from '#server/trpc/context.ts';
import { createCallerFactory, toAppError } from '#server/trpc/init.ts';
import { appRouter } from '#server/trpc/router.ts';
import { statusRefusalOf } from '#server/trpc/status-access.ts';
import { withServices } from '#tests/http/support/in-process.ts';

withServices();

const visitor: Principal = { kind: 'visitor', key: '203.0.113.7' };
const user = (...roles: string[]): Principal => ({
  kind: 'user',
  user: { id: 'ada', name: null, email: null, roles, scopes: [], authenticationAge: 0, session: null },
});
const service = (...scopes: string[]): Principal => ({ kind: 'service', name: 'scraper', scopes });

const closed = { STATUS_ROLES: ['admin', 'operator'] };

describe('a closed status', () => {
  test.each<[string, Principal, object | undefined, string | undefined]>([
    ['a visitor', visitor, {}, 'sign_in_required'],
    ['a visitor where nobody can sign in', visitor, undefined, 'unauthorized'],
    ['a visitor whose session has ended', { ...visitor, session: 'ended' }, {}, 'session_ended'],
    [
      'a visitor whose session cannot be looked up',
      { ...visitor, session: 'unavailable' },
      {},
      'identity_unavailable',
    ],
    ['a user without a role', user(), {}, 'forbidden'],
    ['a user with another role', user('editor'), {}, 'forbidden'],
    ['a user with one of the roles', user('editor', 'operator'), {}, undefined],
    ['a service with the scope metrics', service('metrics'), {}, undefined],
    ['a service with another scope', service('mail'), {}, 'forbidden'],
    ['this process', { kind: 'internal' }, {}, undefined],
  ])('for %s', (_, principal, identity, reason) => {
    expect(statusRefusalOf(principal, { env: closed, identity })?.reason).toBe(reason);
  });
});

test.each([visitor, user(), service('mail')])('a public status is for everyone: %j', (principal) => {
  expect(statusRefusalOf(principal, { env: { STATUS_ROLES: [] }, identity: {} })).toBeUndefined();
});

describe('proxy.status and proxy.watch', () => {
  const apiOf = (principal: Principal) => {
    const { env, ...others } = services();
    const changed = { ...others, env: { ...env, ...closed } };
    return createCallerFactory(appRouter)(createInnerContext({ services: changed, principal }));
  };
  const reasonOf = (call: Promise<unknown>) =>
    call.then(
      () => 'ok',
      (error: unknown) => toAppError(error).reason,
    );

  test.each<[Principal, string]>([
    [visitor, 'unauthorized'],
    [service('mail'), 'forbidden'],
    [service('metrics'), 'ok'],
  ])('are as closed as the page: %j gets %s', async (principal, outcome) => {
    expect(await reasonOf(apiOf(principal).proxy.status())).toBe(outcome);
    expect(await reasonOf(apiOf(principal).proxy.watch())).toBe(outcome);
    expect(await reasonOf(apiOf(principal).proxy.endpoints())).toBe('ok');
  });
});
