import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { logRequest } from '#server/http/request-log.ts';
import { createRequestScope } from '#server/observability/request-scope.ts';
import { coordinator, setCoordinator } from '#server/process/coordinator.ts';
import { startedAt } from '#server/process/started-at.ts';
import { recordedServices } from '#tests/http/support/services.ts';
import { fakeCoordinator } from './fake-coordinator.ts';

test('a worker has the coordinator that it sets, and the start time that its primary gives', () => {
  const own = fakeCoordinator();
  setCoordinator(own);
  expect(coordinator()).toBe(own);
  expect(startedAt()).toBe(own.startedAt);
  expect(() => setCoordinator(fakeCoordinator())).toThrow('coordinator');
});

test('all workers log the same pseudonym for a visitor', () => {
  const { services, lines } = recordedServices();
  const scope = createRequestScope('request-1');
  scope.principal = { kind: 'visitor', key: '203.0.113.7' };
  logRequest({ method: 'GET', route: '/', scope, status: 200, durationMs: 1, aborted: false }, services);
  const digest = createHash('sha256').update('salt203.0.113.7').digest('base64url');
  expect(lines).toMatchObject([{ caller: `visitor:${digest.slice(0, 12)}` }]);
});
