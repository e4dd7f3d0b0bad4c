import { expect, test } from 'vitest';
import { AppError } from '#server/errors.ts';
import { errorForLog } from '#server/observability/log-error.ts';
import { UpstreamFailure } from '#server/upstream-client/failure.ts';

const connectError = Object.assign(new Error('connect ECONNREFUSED 192.0.2.1:443'), { code: 'ECONNREFUSED' });

test('an upstream failure is logged as one line that joins the messages of the error chain', () => {
  const failure = new UpstreamFailure('connect', { cause: connectError });
  expect(errorForLog(failure)).toEqual({
    type: failure.name,
    message: `${failure.message}: connect ECONNREFUSED 192.0.2.1:443`,
  });
});

test('the same message in several errors of the chain is shown once', () => {
  const cause = new Error('socket hang up', { cause: new Error('socket hang up') });
  const failure = new UpstreamFailure('connect', { cause });
  expect(errorForLog(failure)).toEqual({ type: failure.name, message: `${failure.message}: socket hang up` });
});

test('an upstream failure is found below other errors, and a chain that closes on itself ends', () => {
  const circular = new Error('first');
  circular.cause = new AppError('upstream_timeout', { cause: circular });
  expect(errorForLog(circular)).toEqual({
    type: 'Error',
    message: 'first: A service we depend on did not respond in time.',
  });
});

test.each([new Error('plain'), new AppError('mail_unavailable'), new AppError('internal')])(
  'another error keeps its stack: %o',
  (error) => {
    expect(errorForLog(error)).toMatchObject({
      message: error.message,
      stack: expect.stringContaining('at '),
    });
  },
);

test.each(['a text', undefined, { code: 'ENOENT' }])(
  'a value that is no error is logged as it is: %o',
  (thrown) => {
    expect(errorForLog(thrown)).toBe(thrown);
  },
);

test.each([
  ['during an upstream request', new UpstreamFailure('reset', { cause: new TypeError('x is') })],
  [
    'wrapped in another error',
    new UpstreamFailure('reset', { cause: new Error('y', { cause: new RangeError() }) }),
  ],
  ['in a procedure', new AppError('internal', { cause: new ReferenceError('z is not defined') })],
])('a defect %s keeps its stack', (_, error) => {
  expect(errorForLog(error)).toHaveProperty('stack', expect.stringContaining('log-error.unit.test.ts'));
});
