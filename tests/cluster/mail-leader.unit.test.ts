import { expect, test } from 'vitest';
import { createMailLeader } from '#server/cluster/mail-leader.ts';
import { type FakeWorker, fakeWorker } from './fake-worker.ts';

const became = { kind: 'becomeMailLeader' };
const woken = { kind: 'wakeMailLeader' };

function setUp(...workers: FakeWorker[]) {
  const all = new Set(workers);
  return { workers: all, ...createMailLeader(all) };
}

test('the newest ready worker becomes the leader', () => {
  const [old, newest, starting] = [fakeWorker(1), fakeWorker(2), fakeWorker(3, 'starting')];
  setUp(old, newest, starting).elect();
  expect([old.received, newest.received, starting.received]).toEqual([[], [became], []]);
});

test('while there is a leader, no other worker becomes one', () => {
  const first = fakeWorker(1);
  const { elect, workers } = setUp(first);
  elect();
  const second = fakeWorker(2);
  workers.add(second);
  elect();
  expect([first.received, second.received]).toEqual([[became], []]);
});

test('a leader that exits is replaced, and another worker that exits is not', () => {
  const [first, second, third] = [fakeWorker(1), fakeWorker(2), fakeWorker(3)];
  const { elect, replace, workers } = setUp(first, second, third);
  elect();
  workers.delete(first);
  replace(first);
  expect([second.received, third.received]).toEqual([[], [became]]);
  workers.delete(third);
  replace(third);
  expect(second.received).toEqual([became]);
});

test('only the leader is woken', () => {
  const [other, leader] = [fakeWorker(1), fakeWorker(2)];
  const { elect, wake } = setUp(other, leader);
  wake();
  elect();
  wake();
  expect([other.received, leader.received]).toEqual([[], [became, woken]]);
});

test('if no worker is ready, the next one that becomes ready is elected', () => {
  const worker = fakeWorker(1, 'starting');
  const { elect } = setUp(worker);
  elect();
  expect(worker.received).toEqual([]);
  worker.state = 'ready';
  elect();
  expect(worker.received).toEqual([became]);
});
