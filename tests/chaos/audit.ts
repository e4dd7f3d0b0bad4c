import type { MailStatus } from '#server/mail/tables.ts';
import type { Queries } from '#server/storage/database.ts';
import type { ReceivedMessage } from '#tests/support/smtp-server.ts';
import type { Accepted } from './fleet.ts';

/** Fate of all accepted mails. */
export type MailAudit = {
  accepted: number;
  delivered: number;
  dead: number;
  /** Accepted, but neither delivered nor dead: missing from storage or never delivered. */
  lost: number;
  /** Mails by the number of copies that the mail server acknowledged. */
  once: number;
  twice: number;
  moreThanTwice: number;
  /** Copies that the mail server received without a reply: the sender cannot know whether the server accepted them. */
  unacknowledged: number;
  /** Violated guarantees, as messages. */
  violations: string[];
};

/**
 * Audits the mails by comparing the receipts of the clients, the storage and the messages of the mail server.
 *
 * @param kills number of kills; each can cause one duplicate, because a process sends one mail at a time
 */
export async function auditMails(
  queries: Queries,
  received: readonly ReceivedMessage[],
  receipts: readonly Accepted[],
  kills: number,
): Promise<MailAudit> {
  const rows = await queries.selectFrom('mail').select(['id', 'message_id', 'status']).execute();
  const statusOf = new Map<string, MailStatus>(rows.map(({ id, status }) => [id, status]));
  const copiesOf = Map.groupBy(received, ({ parsed }) => parsed.messageId ?? 'none');
  const receiptsOf = Map.groupBy(receipts, ({ key }) => key);
  const mails = new Map(receipts.map((receipt) => [receipt.id, receipt]));

  const violations: string[] = [];
  const count = { delivered: 0, dead: 0, lost: 0, once: 0, twice: 0, moreThanTwice: 0, unacknowledged: 0 };
  for (const { id, messageId } of mails.values()) {
    const copies = copiesOf.get(messageId) ?? [];
    const acknowledged = copies.filter(({ fault }) => fault === undefined).length;
    const status = statusOf.get(id);
    count.unacknowledged += copies.filter(({ fault }) => fault === 'drop' || fault === 'hang').length;
    if (status === 'sent' && acknowledged > 0) count.delivered += 1;
    else if (status === 'dead') count.dead += 1;
    else {
      count.lost += 1;
      violations.push(`${id} was lost: status ${status ?? 'not stored'}, acknowledged ${acknowledged} times`);
    }
    if (acknowledged === 1) count.once += 1;
    if (acknowledged === 2) count.twice += 1;
    if (acknowledged > 2) count.moreThanTwice += 1;
    if (new Set(copies.map(({ raw }) => raw)).size > 1) {
      violations.push(`the copies of ${messageId} are not identical`);
    }
  }

  const ambiguousKeys = [...receiptsOf.values()].filter((each) => new Set(each.map(({ id }) => id)).size > 1);
  const known = new Set([...mails.values()].map(({ messageId }) => messageId));
  const unknown = [...copiesOf.keys()].filter((messageId) => !known.has(messageId));
  if (count.moreThanTwice > 0) violations.push(`${count.moreThanTwice} mails were sent more than twice`);
  if (count.twice > kills) violations.push(`${count.twice} mails were sent twice after ${kills} kills`);
  if (ambiguousKeys.length > 0) {
    violations.push(`${ambiguousKeys.length} idempotency keys created more than one mail`);
  }
  if (rows.length !== mails.size) {
    violations.push(`${rows.length} mails are stored, but ${mails.size} were accepted`);
  }
  if (unknown.length > 0) violations.push(`${unknown.length} Message-IDs belong to no accepted mail`);
  return { accepted: mails.size, ...count, violations };
}
