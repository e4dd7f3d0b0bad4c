import { describe, expect, test } from 'vitest';
import type { Fault } from '#server/upstream-client/failure.ts';
import { toUpstreamFailure } from '#server/upstream-client/http.ts';

const running = new AbortController().signal;
const timedOut = AbortSignal.abort(new DOMException('too late', 'TimeoutError'));
const left = AbortSignal.abort();

const errorWith = (code: unknown) => Object.assign(new Error('of the library'), { code });

describe('an error of the HTTP library becomes the fault of its code', () => {
  test.each<[string, Fault]>([
    ['ENOTFOUND', 'dns'],
    ['EAI_AGAIN', 'dns'],
    ['EAI_FAIL', 'dns'],
    ['ERR_ADDRESS_REJECTED', 'address'],
    ['ECONNREFUSED', 'connect'],
    ['EHOSTUNREACH', 'connect'],
    ['ENETUNREACH', 'connect'],
    ['ETIMEDOUT', 'connect'],
    ['UND_ERR_CONNECT_TIMEOUT', 'connect'],
    ['UND_ERR_ABORTED', 'connect'],
    ['UND_ERR_PRX_CONN', 'connect'],
    ['UND_ERR_PRX_TLS', 'connect'],
    ['UND_ERR_HEADERS_TIMEOUT', 'deadline'],
    ['UND_ERR_BODY_TIMEOUT', 'deadline'],
    ['UND_ERR_HEADERS_OVERFLOW', 'protocol'],
    ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'truncated'],
    ['UND_ERR_RES_EXCEEDED_MAX_SIZE', 'too_large'],
  ])('%s is %s', (code, fault) => {
    const cause = errorWith(code);
    const failure = toUpstreamFailure(cause, running, 'reset');
    expect(failure.fault).toBe(fault);
    expect(failure.cause).toBe(cause);
  });

  test.each([
    ['an unknown code', errorWith('EPIPE')],
    ['a code that is no text', errorWith(104)],
    ['no code', new Error('of the library')],
    ['a value that is no error', 'of the library'],
  ])('with %s it is the fault of what was being done', (_, cause) => {
    expect(toUpstreamFailure(cause, running, 'reset').fault).toBe('reset');
    expect(toUpstreamFailure(cause, running, 'truncated').fault).toBe('truncated');
  });
});

describe('after the signal has aborted, the error of the library does not matter', () => {
  test('a timeout is the deadline, or the fault of a call that waited', () => {
    expect(toUpstreamFailure(errorWith('ECONNREFUSED'), timedOut, 'reset').fault).toBe('deadline');
    expect(toUpstreamFailure(errorWith('ECONNREFUSED'), timedOut, 'reset', 'waited').fault).toBe('waited');
  });

  test('any other reason is a caller that left', () => {
    expect(toUpstreamFailure(errorWith('ECONNREFUSED'), left, 'reset', 'waited').fault).toBe('cancelled');
    expect(toUpstreamFailure(undefined, AbortSignal.abort('TimeoutError'), 'reset').fault).toBe('cancelled');
  });
});
