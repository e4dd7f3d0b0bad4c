import type { ClaimedDelivery, Outcomes } from './claims.ts';

/** A mail of the product to one of its users. Only the product's own code chooses its recipient and its text. */
export type ClaimedNotice = ClaimedDelivery & {
  to: string;
  subject: string;
  text: string;
  html: string;
  /** True if it is no longer of use to its recipient. It must not be sent. */
  isExpired: boolean;
};

/** A notice that was stored instead of sent, in development and in the demo. */
export type StoredNotice = {
  id: string;
  receivedAt: Date;
  to: string;
  subject: string;
  text: string;
  html: string;
  isRead: boolean;
  /** The page that the notice is about. */
  link: string;
  /** The whole message as an SMTP server would have received it. */
  raw: string;
};

/**
 * A queue of notices that another service keeps in a table of its own. They are sent before the mails of visitors, which
 * share the transport but have no recipient to choose.
 */
export type NoticeQueue = Outcomes & {
  /** Like `claim` of the outbox. It also returns expired notices, so that they are marked as dead. */
  claim(): Promise<ClaimedNotice | undefined>;
  /** Stores a notice instead of sending it. A second delivery of the same notice changes nothing. */
  store(id: string, raw: string): Promise<void>;
  /** Returns the notices that were stored, newest first. */
  stored(): Promise<StoredNotice[]>;
  /** Marks a stored notice as read. */
  markRead(id: string): Promise<void>;
  /**
   * Deletes a stored notice, or all without an id. What they are about goes on.
   *
   * @returns the number of deleted notices
   */
  remove(id?: string): Promise<number>;
};
