/** Which messages of the inbox are wanted. Letter case does not matter; a message must meet all of them. */
export type InboxFilter = {
  /** Address of the recipient. */
  to?: string | undefined;
  /** Address of the sender. */
  from?: string | undefined;
  /** Part of the subject. */
  subject?: string | undefined;
  /** Words that all occur in the addresses, the subject or the text. */
  words?: string | undefined;
};

type Searched = { from: string; to: string; subject: string; text: string };

const folded = (text: string) => text.normalize('NFC').toLowerCase();

/** Returns the address of `Ada <ada@example.org>` or `ada@example.org`. */
function addressOf(displayed: string): string {
  const start = displayed.lastIndexOf('<');
  return start !== -1 && displayed.endsWith('>') ? displayed.slice(start + 1, -1) : displayed;
}

/** Returns whether a message is wanted. */
export function matchesFilter(message: Searched, { to, from, subject, words = '' }: InboxFilter): boolean {
  if (to !== undefined && folded(message.to) !== folded(to)) return false;
  if (from !== undefined && folded(addressOf(message.from)) !== folded(from)) return false;
  if (subject !== undefined && !folded(message.subject).includes(folded(subject))) return false;
  const searched = folded([message.from, message.to, message.subject, message.text].join('\n'));
  return folded(words)
    .split(/\s+/)
    .every((word) => searched.includes(word));
}
