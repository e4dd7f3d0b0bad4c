import { cleanContents } from './clean-text.ts';
import { type InboxRow, inboxLength } from './inbox.ts';
import { type InboxFilter, matchesFilter } from './inbox-filter.ts';
import { type Addresses, htmlOf, senderOf, subjectOf } from './message.ts';
import type { NoticeQueue, StoredNotice } from './notices.ts';
import type { Outbox } from './outbox.ts';

/** One message of the inbox. */
export type InboxEntry = {
  id: string;
  receivedAt: Date;
  /** The visitor in display form, `Ada <ada@example.org>` or the address alone; of a notice, the address of the site. */
  from: string;
  to: string;
  subject: string;
  isRead: boolean;
  /** The page that a notice is about. */
  link: string | null;
};

export type InboxMessage = InboxEntry & {
  text: string;
  html: string;
  /** The whole message as an SMTP server would have received it. */
  raw: string;
};

export type MailInbox = {
  /** Newest first, at most 200. With a filter, the newest 1,000 are searched. */
  list(filter?: InboxFilter): Promise<InboxEntry[]>;
  get(id: string): Promise<InboxMessage | undefined>;
  markRead(id: string): Promise<void>;
  /** @param id undefined to delete all. @returns the number of deleted messages */
  remove(id?: string): Promise<number>;
};

/** Number of messages that are searched. */
const searched = 1_000;

/** Returns the messages of the outbox and the notices as one inbox. */
export function createInboxView(
  outbox: () => Promise<Outbox>,
  addresses: Addresses,
  notices: NoticeQueue | undefined,
): MailInbox {
  const toEntry = (row: InboxRow): InboxEntry => ({
    id: row.id,
    receivedAt: row.receivedAt,
    from: senderOf(row),
    to: addresses.to,
    subject: subjectOf(row, addresses.siteUrl),
    isRead: row.isRead,
    link: null,
  });
  const toNoticeEntry = ({ id, receivedAt, subject, to, link, isRead }: StoredNotice): InboxEntry => ({
    id,
    receivedAt,
    from: addresses.from,
    to,
    subject,
    isRead,
    link,
  });
  const storedNotices = async () => (await notices?.stored()) ?? [];

  return {
    async list(filter) {
      const { inbox } = await outbox();
      const [rows, stored] = await Promise.all([
        inbox.list(filter ? searched : inboxLength),
        storedNotices(),
      ]);
      return [
        ...rows.map((row) => ({ entry: toEntry(row), text: row.contents })),
        ...stored.map((notice) => ({ entry: toNoticeEntry(notice), text: notice.text })),
      ]
        .filter(({ entry, text }) => !filter || matchesFilter({ ...entry, text }, filter))
        .map(({ entry }) => entry)
        .toSorted((one, other) => other.receivedAt.getTime() - one.receivedAt.getTime())
        .slice(0, inboxLength);
    },

    async get(id) {
      const notice = (await storedNotices()).find((each) => each.id === id);
      if (notice) {
        const { text, html, raw } = notice;
        return { ...toNoticeEntry(notice), text, html, raw };
      }
      const row = await (await outbox()).inbox.get(id);
      if (!row) return undefined;
      const { contents, raw } = row;
      return { ...toEntry(row), text: cleanContents(contents), html: htmlOf(contents), raw };
    },

    async markRead(id) {
      await notices?.markRead(id);
      await (await outbox()).inbox.markRead(id);
    },

    async remove(id) {
      const ofNotices = (await notices?.remove(id)) ?? 0;
      return ofNotices + (await (await outbox()).inbox.remove(id));
    },
  };
}
