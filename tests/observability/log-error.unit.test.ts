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
