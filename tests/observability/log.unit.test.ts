import { describe, expect, test, vi } from 'vitest';
import { createLogger, log, logPageFailure } from '#server/observability/log.ts';
import { createRequestScope, outsideRequests, requestScope } from '#server/observability/request-scope.ts';
import { currentTrace } from '#server/observability/trace-context.ts';

const trace = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), isSampled: true };
const ids = { trace_id: trace.traceId, span_id: trace.spanId };
const scope = createRequestScope('request-1');

function testLogger(level = 'info') {
  const lines: string[] = [];
  const logger = createLogger({ level, destination: { write: (line) => void lines.push(line) } });
  return { logger, lines, parsed: () => lines.map((line): unknown => JSON.parse(line)) };
}

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

describe('a line', () => {
  test('has the level, the time, the fields and the message', () => {
    const { logger, parsed } = testLogger();
    logger.warn({ mailId: 'a' }, 'mail will be retried');
    logger.event('info', { status: 200, calls: [] }, 'request');
    expect(parsed()).toEqual([
      { level: 'warn', time, mailId: 'a', msg: 'mail will be retried' },
      { level: 'info', time, status: 200, calls: [], msg: 'request' },
    ]);
  });

  test('ends with a line feed and has none inside', () => {
    const { logger, lines } = testLogger();
    logger.info('one\ntwo');
    logger.event('error', { text: 'one\ntwo' }, 'request');
    for (const line of lines) expect(line).toMatch(/^[^\n]+\n$/);
  });

  test.each([
    ['info', ['info', 'warn', 'error']],
    ['warn', ['warn', 'error']],
    ['error', ['error']],
    ['silent', []],
  ])('is written from the level %s on: %j', (level, expected) => {
    const { logger, parsed } = testLogger(level);
    for (const each of ['info', 'warn', 'error'] as const) {
      logger[each]('plain');
      logger.event(each, { status: 200 }, 'request');
    }
    expect(parsed().map((line) => Object(line).level)).toEqual(expected.flatMap((each) => [each, each]));
  });

  test('has the time at which it is written', () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-06-01T00:00:00.000Z') });
    const { logger, parsed } = testLogger();
    logger.info('one');
    logger.event('info', { status: 200 }, 'request');
    vi.setSystemTime(Date.parse('2026-06-01T00:00:00.001Z'));
    logger.info('two');
    vi.useRealTimers();
    expect(parsed()).toMatchObject([
      { time: '2026-06-01T00:00:00.000Z' },
      { time: '2026-06-01T00:00:00.000Z' },
      { time: '2026-06-01T00:00:00.001Z' },
    ]);
  });
});

describe('the ids of a line', () => {
  /** Returns the ids of a plain line and of the line of a request, as they are logged by `run`. */
  function idsIn(run: (write: () => void) => void) {
    const { logger, parsed } = testLogger();
    run(() => {
      logger.info('plain');
      logger.event('info', { status: 200 }, 'request');
    });
    return parsed().map((line) => {
      const { requestId, trace_id, span_id } = Object(line);
      return { requestId, trace_id, span_id };
    });
  }
  const none = { requestId: undefined, trace_id: undefined, span_id: undefined };

  test('are those of the request and the trace that it is written in', () => {
    expect(idsIn((write) => write())).toEqual([none, none]);
    // The line of a request has its id among its fields.
    expect(idsIn((write) => requestScope.run(scope, write))).toEqual([
      { ...none, requestId: 'request-1' },
      none,
    ]);
    expect(idsIn((write) => currentTrace.run(trace, write))).toEqual([
      { ...none, ...ids },
      { ...none, ...ids },
    ]);
    expect(idsIn((write) => requestScope.run(scope, () => currentTrace.run(trace, write)))).toEqual([
      { requestId: 'request-1', ...ids },
      { ...none, ...ids },
    ]);
  });

  test('are none in work that a request has only triggered', () => {
    const found = idsIn((write) =>
      requestScope.run(scope, () => currentTrace.run(trace, () => outsideRequests(write))),
    );
    expect(found).toEqual([none, none]);
  });
});

test('an error is logged with its stack', () => {
  const { logger, parsed } = testLogger();
  logger.error({ err: new TypeError('x is not a function') }, 'failed');
  expect(parsed()).toMatchObject([
    {
      err: {
        type: 'TypeError',
        message: 'x is not a function',
        stack: expect.stringContaining('log.unit.test'),
      },
    },
  ]);
});

describe('the failure of a page', () => {
  test.each([
    [Object.assign(new Error('broken'), { digest: '123' }), '123'],
    [new Error('broken'), undefined],
    ['broken', undefined],
    [null, undefined],
  ])('%o is logged with its route and the digest that the visitor sees', (error, digest) => {
    const logError = vi.spyOn(log(), 'error').mockReturnValue(undefined);
    logPageFailure(error, '/posts/[slug]');
    expect(logError.mock.calls).toEqual([[{ digest, route: '/posts/[slug]', err: error }, 'page failed']]);
    logError.mockRestore();
  });
});
