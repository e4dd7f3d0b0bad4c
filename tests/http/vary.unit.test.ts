import { expect, test } from 'vitest';
import { addVary } from '#server/http/response.ts';

test.each([
  { vary: undefined, field: 'Origin', expected: 'Origin' },
  { vary: 'Accept', field: 'Origin', expected: 'Accept, Origin' },
  { vary: 'accept,ORIGIN', field: 'Origin', expected: 'accept,ORIGIN' },
  { vary: 'X-Origin', field: 'Origin', expected: 'X-Origin, Origin' },
  { vary: '*', field: 'Origin', expected: '*' },
  { vary: 'Accept, *', field: 'Origin', expected: 'Accept, *' },
])('Vary: $vary with $field is $expected', ({ vary, field, expected }) => {
  const headers: Record<string, string> = vary === undefined ? {} : { vary };
  addVary(headers, field);
  expect(headers).toEqual({ vary: expected });
});
