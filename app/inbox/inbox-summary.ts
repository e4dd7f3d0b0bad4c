import { inboxLength } from '#server/mail/inbox.ts';

/** Returns how many mails a list has, such as `12 mails, 3 unread`, or how many were found. */
export function inboxSummary(messages: readonly { isRead: boolean }[], words: string): string {
  const { length } = messages;
  const mails = `${length} ${length === 1 ? 'mail' : 'mails'}`;
  const count = length === inboxLength ? `The newest ${mails}` : mails;
  if (words !== '') return `${count} with “${words}”.`;
  const unread = messages.filter(({ isRead }) => !isRead).length;
  return unread === 0 ? `${count}, all read.` : `${count}, ${unread} unread.`;
}
