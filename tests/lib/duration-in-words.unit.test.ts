import { expect, test } from 'vitest';
import { durationInWords } from '#app/_lib/duration-in-words.ts';

test.each([
  [1, '1 second'],
  [56, '56 seconds'],
  [119, '119 seconds'],
  [120, '2 minutes'],
  [2_701, '46 minutes'],
  [3_600, '60 minutes'],
  [7_200, '2 hours'],
  [7_201, '3 hours'],
  [86_400, '24 hours'],
  [172_801, '3 days'],
])('%i seconds are %s', (seconds, words) => {
  expect(durationInWords(seconds)).toBe(words);
});
