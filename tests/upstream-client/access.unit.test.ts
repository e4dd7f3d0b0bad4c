import { expect, test } from 'vitest';
import { requiredScopeOf } from '#server/upstream-client/access.ts';

const credential = { header: 'authorization', value: () => undefined };

test.each([
  ['a GET', { method: 'GET' }, undefined],
  ['a POST', { method: 'POST' }, 'proxy.sample'],
  ['a PUT', { method: 'PUT' }, 'proxy.sample'],
  ['a PATCH', { method: 'PATCH' }, 'proxy.sample'],
  ['a DELETE', { method: 'DELETE' }, 'proxy.sample'],
  ['a public POST', { method: 'POST', public: true }, undefined],
  ['a GET that is not public', { method: 'GET', public: false }, 'proxy.sample'],
] as const)('%s of an upstream without a credential', (_, endpoint, scope) => {
  expect(requiredScopeOf({ name: 'sample' }, endpoint)).toBe(scope);
});

test.each([
  ['a GET', { method: 'GET' }, 'proxy.sample'],
  ['an anonymous GET', { method: 'GET', anonymous: true }, undefined],
  ['an anonymous POST', { method: 'POST', anonymous: true }, 'proxy.sample'],
  ['a public GET', { method: 'GET', public: true }, undefined],
  ['a public POST', { method: 'POST', public: true }, undefined],
] as const)('%s of an upstream with a credential, even if it is not configured', (_, endpoint, scope) => {
  expect(requiredScopeOf({ name: 'sample', credential }, endpoint)).toBe(scope);
});
