import { expect, test } from 'vitest';
import { allowedMethodsOf } from '#server/trpc/allowed-methods.ts';

test.each([
  ['query', false, ['GET', 'POST']],
  ['query', true, ['POST']],
  ['mutation', false, ['POST']],
  ['mutation', true, ['POST']],
] as const)('a %s, sensitive: %s, allows %j', (type, sensitive, methods) => {
  const meta = { summary: 'A call', description: 'For this test.', rateLimit: 'light', sensitive } as const;
  expect(allowedMethodsOf({ type, meta })).toEqual(methods);
});
