import { expect, onTestFinished, test } from 'vitest';
import { parseEnv } from '#server/config/env.ts';
import { createPoolRegistry } from '#server/upstream-client/pool-registry.ts';
import { recordingObserver } from './support.ts';

function createRegistry() {
  const { observer, breaker, attempts } = recordingObserver();
  const registry = createPoolRegistry(observer, parseEnv({}));
  onTestFinished(() => registry.close());
  return { registry, breaker, attempts };
}

const origin = 'http://127.0.0.1:1';

test('an upstream has one pool, which is created when it is first needed', () => {
  const { registry, breaker } = createRegistry();
  expect(registry.find('a', origin)).toBeUndefined();
  const pool = registry.get({ name: 'a' }, origin);
  expect(registry.get({ name: 'a' }, origin)).toBe(pool);
  expect(registry.find('a', origin)).toBe(pool);
  expect(breaker).toEqual(['a closed']);
});

test('another upstream and another origin have pools of their own', () => {
  const { registry } = createRegistry();
  const pools = [
    registry.get({ name: 'a' }, origin),
    registry.get({ name: 'b' }, origin),
    registry.get({ name: 'a' }, 'https://api.example'),
  ];
  expect(new Set(pools).size).toBe(3);
  expect(registry.find('a', undefined)).toBeUndefined();
});

test('the limits of an upstream replace those of all', async () => {
  const { registry } = createRegistry();
  const pool = registry.get({ name: 'a', limits: { streams: 0 } }, origin);
  await expect(pool.stream(async () => 'streamed')).rejects.toMatchObject({ fault: 'queue_full' });
  const other = registry.get({ name: 'b', limits: { connections: 1 } }, origin);
  await expect(other.stream(async () => 'streamed')).resolves.toBe('streamed');
});

test('attempts are reported with the name of their upstream', async () => {
  const { registry, attempts } = createRegistry();
  await registry.get({ name: 'a' }, origin).stream(async () => undefined);
  await registry.get({ name: 'b' }, origin).stream(async () => undefined);
  expect(attempts).toEqual(['a ok', 'b ok']);
});

test('no pool sends anything after the registry was closed', async () => {
  const { registry } = createRegistry();
  const pools = [registry.get({ name: 'a' }, origin), registry.get({ name: 'b' }, origin)];
  await registry.close();
  for (const pool of pools) {
    const sent = pool.stream(({ plain }) => plain.request({ origin, path: '/', method: 'GET' }));
    await expect(sent).rejects.toThrow('The client is destroyed');
  }
});
