import { describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { requestIdOf } from '#server/http/request-id.ts';
import { logRequest, type RequestEvent } from '#server/http/request-log.ts';
import { createRequestScope } from '#server/observability/request-scope.ts';
import type { Principal } from '#server/principal.ts';
import { recordedServices } from './support/services.ts';

function log({ principal, ...event }: Partial<RequestEvent> & { principal?: Principal } = {}) {
  const { services, lines, counted } = recordedServices();
  const scope = { ...createRequestScope('request-1'), ...(principal ? { principal } : {}) };
  logRequest(
    { method: 'GET', route: '/rss.xml', scope, status: 200, durationMs: 12.345, aborted: false, ...event },
    services,
  );
  const [line = {}] = lines;
  return { line, counted };
}

test('the event of a request has what an operator needs', () => {
  const { line, counted } = log({
    scope: {
      ...createRequestScope('request-1'),
      principal: { kind: 'service', name: 'robot', scopes: [] },
      bytesIn: 5,
      bytesOut: 7,
      calls: [{ id: 'request-1', procedure: 'fixture.body', outcome: 'ok', durationMs: 1 }],
    },
  });
  expect(line).toEqual({
    level: 'info',
    time: expect.any(String),
    requestId: 'request-1',
    method: 'GET',
    route: '/rss.xml',
    status: 200,
    durationMs: 12.3,
    bytesIn: 5,
    bytesOut: 7,
    caller: 'service:robot',
    calls: [{ id: 'request-1', procedure: 'fixture.body', outcome: 'ok', durationMs: 1 }],
    msg: 'request',
  });
  expect(counted).toEqual([{ route: '/rss.xml', method: 'GET', status: 200, seconds: 0.012345 }]);
});

test.each([
  [200, '/rss.xml', 'info'],
  [304, '/rss.xml', 'info'],
  [399, '/rss.xml', 'info'],
  [400, '/rss.xml', 'warn'],
  [499, '/rss.xml', 'warn'],
  [500, '/rss.xml', 'error'],
  [503, '/healthz', 'error'],
  [503, '/readyz', 'warn'],
  [200, '/readyz', 'info'],
])('the status %i of %s is logged at the level %s', (status, route, level) => {
  expect(log({ status, route }).line).toMatchObject({ level, status });
});

test.each([200, 500])('the status %i of a client that has left is logged and counted as 499', (status) => {
  const { line, counted } = log({ status, aborted: true });
  expect(line).toMatchObject({ level: 'warn', status: 499 });
  expect(counted).toMatchObject([{ status: 499 }]);
});

describe('the caller in the log', () => {
  const callerOf = (principal?: Principal) => log(principal ? { principal } : {}).line.caller;
  const visitor = (key: string): Principal => ({ kind: 'visitor', key });

  test('is unknown before the authentication', () => {
    expect(callerOf()).toBe('unknown');
  });

  test('can be this process', () => {
    expect(callerOf({ kind: 'internal' })).toBe('internal');
  });

  test('has the same pseudonym for the same visitor, which does not reveal the address', () => {
    const pseudonym = callerOf(visitor('203.0.113.7'));
    expect(pseudonym).toMatch(/^visitor:[\w-]{12}$/);
    expect(callerOf(visitor('203.0.113.8'))).not.toBe(pseudonym);
    expect(callerOf(visitor('203.0.113.7'))).toBe(pseudonym);
  });

  test('has a pseudonym for a user, which does not reveal the id', () => {
    const user = { id: 'user-1', name: 'Ada', email: null, roles: [], scopes: [], authenticationAge: 0 };
    const ends = { endsAt: 0, idleUntil: 0, isTouchDue: false };
    const session = { ...user, id: 'session-1', user, ...ends };
    expect(callerOf({ kind: 'user', user: { ...user, session } })).toMatch(/^user:[\w-]{12}$/);
  });
});

describe('the id of a request', () => {
  test.each(['12345678', 'a'.repeat(limits.requestIdLength), 'A_z.0:9-x'])(
    'is that of the caller: %s',
    (id) => {
      expect(requestIdOf(id)).toBe(id);
    },
  );

  test.each([
    null,
    '',
    '1234567',
    'a'.repeat(limits.requestIdLength + 1),
    '12345678 ',
    '12345678\n',
    'über-uns',
  ])('is a new one instead of %j', (id) => {
    const [one, other] = [requestIdOf(id), requestIdOf(id)];
    expect(one).toMatch(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
    expect(other).not.toBe(one);
  });
});
