import { expect, test } from 'vitest';
import { headersOf } from '#server/mail/message-headers.ts';

test('the headers of a message are read in their order, on one line each', () => {
  const raw =
    'From: a@b.example\r\nSubject: one\r\n two\r\n\tthree\r\nX-Empty:\r\nX-Time: 10:20\r\n\r\nTo: body';
  expect(headersOf(raw)).toEqual([
    { name: 'From', value: 'a@b.example' },
    { name: 'Subject', value: 'one two three' },
    { name: 'X-Empty', value: '' },
    { name: 'X-Time', value: '10:20' },
  ]);
});

test('a line that is no header is left out, and a message without a body has headers', () => {
  expect(headersOf('nonsense\r\n: no name\r\nTo: a@b.example')).toEqual([
    { name: 'To', value: 'a@b.example' },
  ]);
  expect(headersOf('')).toEqual([]);
});
