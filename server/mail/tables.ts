import type { Selectable } from 'kysely';
import type { Suspicion } from './screening.ts';

/**
 * queued: waits for its next attempt; sending: claimed by a dispatcher until its lease ends; sent: accepted by the
 * transport; dead: never attempted again; held: accepted while there was no transport, or suspected.
 */
export const mailStatuses = ['queued', 'sending', 'sent', 'dead', 'held'] as const;
export type MailStatus = (typeof mailStatuses)[number];

/** The operator also sees which mails seem to come from a bot: they wait until they are released or discarded. */
export const mailStates = [...mailStatuses, 'suspected'] as const;
export type MailState = (typeof mailStates)[number];

/** A suspected mail is stored as dead: releases that do not know the column `suspicion` must not deliver it either. */
export function stateOf({ status, suspicion }: Pick<MailTable, 'status' | 'suspicion'>): MailState {
  return status === 'dead' && suspicion !== null ? 'suspected' : status;
}

/** Returns the status that the sender sees. */
export function statusOf(row: Pick<MailTable, 'status' | 'suspicion'>): MailStatus {
  const state = stateOf(row);
  return state === 'suspected' ? 'held' : state;
}

/** Times are whole milliseconds since the epoch. */
export type MailTable = {
  id: string;
  /** The Message-ID header with its angle brackets: identical on every attempt. */
  message_id: string;
  idempotency_key: string | null;
  payload_hash: string;
  from_address: string;
  from_name: string | null;
  subject: string | null;
  contents: string;
  status: MailStatus;
  attempts: number;
  /** Claims since the last outcome: in each, a process died or lost the storage while delivering this mail. */
  unfinished: number;
  accepted_at: number;
  /** When delivery could first be attempted: accepted_at, or the release of a held mail. */
  queued_at: number;
  next_attempt_at: number;
  lease_token: string | null;
  lease_until: number | null;
  sent_at: number | null;
  /** An error classification for the operator, without contents or addresses; never shown to a caller. */
  last_error: string | null;
  /** The trace that the mail was accepted in; its delivery continues that trace. */
  traceparent: string | null;
  /** Why the mail was not queued when it was accepted; null once the operator has released it. */
  suspicion: Suspicion | null;
};

type InboxTable = {
  mail_id: string;
  received_at: number;
  /** The whole message as an SMTP server would have received it, with CRLF line endings. */
  raw: string;
  read_at: number | null;
};

export type MailTables = { mail: MailTable; inbox: InboxTable };
export type MailRow = Selectable<MailTable>;
