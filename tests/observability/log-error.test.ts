import { expect, test } from 'vitest';
import { AppError } from '#server/errors.ts';
import { errorForLog } from '#server/observability/log-error.ts';
import { UpstreamFailure } from '#server/upstream-client/failure.ts';

const refused = Object.assign(new Error('connect ECONNREFUSED 192.0.2.1:443'), { code: 'ECONNREFUSED' });

test('an upstream that failed is told in one line, by what each error of the chain says', () => {
  const failure = new UpstreamFailure('connect', { cause: refused });
  expect(errorForLog(failure)).toEqual({
    type: failure.name,
    message: `${failure.message}: connect ECONNREFUSED 192.0.2.1:443`,
  });
});

test.each([
  ['that came up on the way to an upstream', new UpstreamFailure('reset', { cause: new TypeError('x is') })],
  [
    'behind another error',
    new UpstreamFailure('reset', { cause: new Error('y', { cause: new RangeError() }) }),
  ],
  ['of a procedure', new AppError('internal', { cause: new ReferenceError('z is not defined') })],
])('a defect %s keeps its stack', (_, error) => {
  expect(errorForLog(error)).toHaveProperty('stack', expect.stringContaining('log-error.test.ts'));
});
