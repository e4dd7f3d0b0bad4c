import type { MailStatus, Queries } from '#server/mail/database.ts';
import type { ReceivedMessage } from '#tests/support/smtp-server.ts';
import type { Accepted } from './fleet.ts';

/** What became of everything that was accepted. */
export type Account = {
  accepted: number;
  delivered: number;
  dead: number;
  /** Accepted, and neither delivered nor dead: gone, or nobody delivers it. */
  lost: number;
  /** Mails by how many copies the mail server took and answered for. */
  once: number;
  twice: number;
  more: number;
  /** Further copies of which the mail server broke off before it answered: nobody can know whether it took them. */
  unanswered: number;
  /** What must not be, in words. */
  broken: string[];
};

/**
 * Counts, from what the clients were told, what the storage holds and what the mail server got.
 *
 * @param kills each of which can bring about one more copy: a process has one mail in hand
 */
export async function account(
  queries: Queries,
  received: readonly ReceivedMessage[],
  told: readonly Accepted[],
  kills: number,
): Promise<Account> {
  const rows = await queries.selectFrom('mail').select(['id', 'message_id', 'status']).execute();
  const statusOf = new Map<string, MailStatus>(rows.map(({ id, status }) => [id, status]));
  const copiesOf = Map.groupBy(received, ({ parsed }) => parsed.messageId ?? 'none');
  const idsOf = Map.groupBy(told, ({ key }) => key);
  const mails = new Map(told.map((accepted) => [accepted.id, accepted]));

  const broken: string[] = [];
  const count = { delivered: 0, dead: 0, lost: 0, once: 0, twice: 0, more: 0, unanswered: 0 };
  for (const { id, messageId } of mails.values()) {
    const copies = copiesOf.get(messageId) ?? [];
    const taken = copies.filter(({ fault }) => fault === undefined).length;
    const status = statusOf.get(id);
    count.unanswered += copies.filter(({ fault }) => fault === 'drop' || fault === 'hang').length;
    if (status === 'sent' && taken > 0) count.delivered += 1;
    else if (status === 'dead') count.dead += 1;
    else {
      count.lost += 1;
      broken.push(`${id} was lost: it is ${status ?? 'not stored'}, and was taken ${taken} times`);
    }
    if (taken === 1) count.once += 1;
    if (taken === 2) count.twice += 1;
    if (taken > 2) count.more += 1;
    if (new Set(copies.map(({ raw }) => raw)).size > 1) broken.push(`${messageId} had different copies`);
  }

  const manyIds = [...idsOf.values()].filter((each) => new Set(each.map(({ id }) => id)).size > 1);
  const known = new Set([...mails.values()].map(({ messageId }) => messageId));
  const strangers = [...copiesOf.keys()].filter((messageId) => !known.has(messageId));
  if (count.more > 0) broken.push(`${count.more} mails were taken more than twice`);
  if (count.twice > kills) broken.push(`${count.twice} mails were taken twice, by ${kills} kills`);
  if (manyIds.length > 0) broken.push(`${manyIds.length} keys made more than one mail`);
  if (rows.length !== mails.size) broken.push(`${rows.length} mails are stored of ${mails.size} accepted`);
  if (strangers.length > 0) broken.push(`${strangers.length} Message-IDs belong to no accepted mail`);
  return { accepted: mails.size, ...count, broken };
}
