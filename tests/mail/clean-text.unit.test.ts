import { expect, test } from 'vitest';
import { cleanLine } from '#server/mail/clean-text.ts';

test.each([
  ['  Ada Lovelace ', 'Ada Lovelace'],
  ['Ada \t\r\n\u2028 Lovelace', 'Ada Lovelace'],
  ['\u202eAda', 'Ada'],
])('the line %j becomes %j', (value, line) => {
  expect(cleanLine(value)).toBe(line);
});
