import { beforeEach, describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { type BreakerState, CircuitBreaker, type Permit } from '#server/upstream-client/circuit-breaker.ts';
import { advance, fakeClocks } from '#tests/support/fake-clock.ts';

const { minimumAttempts, openFor, window } = limits.upstream.breaker;

fakeClocks();

let states: BreakerState[];
let breaker: CircuitBreaker;

beforeEach(() => {
  states = [];
  breaker = new CircuitBreaker((state) => states.push(state));
});

function permit(): Permit {
  const acquired = breaker.acquire();
  if (typeof acquired === 'number') throw new Error(`the breaker is ${breaker.state}`);
  return acquired;
}

function permits(count: number): Permit[] {
  return Array.from({ length: count }, permit);
}

/** Opens the breaker by as many failures as it needs. */
function open(): void {
  for (const report of permits(minimumAttempts)) report('failure');
}

describe('the outcome of a call that was permitted before a change of the state does not count', () => {
  test('a success does not close an open circuit', () => {
    const early = permit();
    open();
    early('success');
    expect(breaker.state).toBe('open');
    expect(breaker.acquire()).toBe(openFor);
  });

  test.each(['success', 'failure', 'ignored'] as const)('a %s does not decide for the probe', (outcome) => {
    const early = permit();
    open();
    advance(openFor);
    const probe = permit();
    early(outcome);
    expect(breaker.state).toBe('half_open');
    expect(breaker.acquire()).toBe(0);
    probe('success');
    expect(breaker.state).toBe('closed');
  });

  test('failures do not open a circuit that has closed again', () => {
    const early = permits(2 * minimumAttempts);
    open();
    advance(openFor);
    permit()('success');
    for (const report of early) report('failure');
    expect(states).toEqual(['open', 'half_open', 'closed']);
  });

  test('a second outcome of the probe does not count', () => {
    open();
    advance(openFor);
    const probe = permit();
    probe('failure');
    advance(openFor);
    permit();
    probe('success');
    expect(breaker.state).toBe('half_open');
  });
});

describe('an open circuit', () => {
  test('permits the probe exactly when its time has passed', () => {
    open();
    advance(openFor - 1);
    expect(breaker.acquire()).toBe(1);
    advance(1);
    expect(typeof breaker.acquire()).toBe('function');
  });

  test('permits the next probe at once if the outcome of a probe says nothing', () => {
    open();
    advance(openFor);
    permit()('ignored');
    expect(breaker.state).toBe('open');
    permit()('success');
    expect(breaker.state).toBe('closed');
  });

  test('stays open for its full time again after a failed probe', () => {
    open();
    advance(openFor);
    permit()('failure');
    expect(breaker.acquire()).toBe(openFor);
  });
});

describe('a closed circuit', () => {
  test('opens when more than half of its calls have failed', () => {
    const [last, ...calls] = permits(minimumAttempts + 1);
    for (const [index, report] of calls.entries()) report(index % 2 === 0 ? 'success' : 'failure');
    expect(breaker.state).toBe('closed');
    last?.('failure');
    expect(breaker.state).toBe('open');
  });

  test('opens only by a failure: a success may be the last of the minimum', () => {
    for (const report of permits(minimumAttempts - 1)) report('failure');
    permit()('success');
    expect(breaker.state).toBe('closed');
    permit()('failure');
    expect(breaker.state).toBe('open');
  });

  test('does not count ignored outcomes as attempts', () => {
    for (const report of permits(minimumAttempts - 1)) report('failure');
    for (const report of permits(minimumAttempts)) report('ignored');
    expect(breaker.state).toBe('closed');
  });

  test('counts the failures of the whole window, and none before it', () => {
    const [last, ...earlier] = permits(minimumAttempts);
    for (const report of earlier) report('failure');
    advance(window - 1_000);
    last?.('failure');
    expect(breaker.state).toBe('open');
  });

  test('forgets outcomes that are older than the window', () => {
    const [last, ...earlier] = permits(minimumAttempts);
    for (const report of earlier) report('failure');
    advance(window);
    last?.('failure');
    expect(breaker.state).toBe('closed');
  });
});
