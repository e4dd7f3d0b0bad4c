import { expect, test } from 'vitest';
import { inboxSummary } from '#app/inbox/inbox-summary.ts';
import { inboxLength } from '#server/mail/inbox.ts';

const mails = (unread: number, read: number) => [
  ...Array(unread).fill({ isRead: false }),
  ...Array(read).fill({ isRead: true }),
];

test.each([
  [1, 0, '', '1 mail, 1 unread.'],
  [2, 3, '', '5 mails, 2 unread.'],
  [0, 2, '', '2 mails, all read.'],
  [1, 1, 'ada', '2 mails with “ada”.'],
  [0, inboxLength, '', 'The newest 200 mails, all read.'],
])('%d unread and %d read mails, searched for %j', (unread, read, words, summary) => {
  expect(inboxSummary(mails(unread, read), words)).toBe(summary);
});
