import type { ChargeResult, RateLimitName } from '../config/rate-limits.ts';
import { defineSingleton } from '../lib/singleton.ts';

/** Topics of broadcasts: a query that each worker replies to, or a command that each worker executes. */
export const topics = ['metrics', 'commonMetrics', 'upstreams', 'expireFeed', 'sessionEnds'] as const;
export type Topic = (typeof topics)[number];

/** Kinds of states whose changes are announced. */
export const hintTopics = ['mail'] as const;
export type HintTopic = (typeof hintTopics)[number];

/** Namespaces of the values shared by all workers: signatures of `/api/revalidate` that have been used. */
export const sharedSpaces = ['signature'] as const;
export type SharedSpace = (typeof sharedSpaces)[number];

/** Mail delivery of one worker. Only the mail leader delivers. */
export type MailDelivery = {
  start(): void;
  /** Resolves once the running attempt has an outcome. */
  stop(): Promise<void>;
  /** Makes the dispatcher look for due mails. */
  wake(): void;
};

/** A worker's connection to the other workers of its primary. No method throws or rejects. */
export type Coordinator = {
  /** Salt of the caller pseudonyms in the log: the same in all workers. */
  salt: string;
  /** Start of the first worker with the same code and settings as this one. */
  startedAt: Date;
  /** @returns undefined if the primary does not respond */
  charge(name: RateLimitName, bucket: string): Promise<ChargeResult | undefined>;
  /** Stores a value unless the name already has one. @returns the previous value */
  putIfAbsent(space: SharedSpace, name: string, value: string): Promise<string | undefined>;
  /**
   * Sends a topic to all other workers.
   *
   * @param own this worker's own reply, which the primary keeps in case the worker exits
   * @returns the replies; for `metrics`, also the counts of exited workers
   */
  broadcast(topic: Topic, own?: unknown): Promise<unknown[]>;
  /** Registers the handler that creates this worker's reply to a topic. */
  onBroadcast(topic: Topic, handler: () => unknown): void;
  /** Announces to the other workers that a state has changed. */
  sendHint(topic: HintTopic, key: string): void;
  /** Registers the handler of the hints of other workers. */
  onHint(handler: (topic: HintTopic, key: string) => void): void;
  /** Registers this worker's mail delivery. It is started once the worker is the mail leader. */
  registerMailDelivery(delivery: MailDelivery): void;
  /** Wakes the delivery of the mail leader. */
  wakeMailLeader(): void;
};

const current = defineSingleton<Coordinator | undefined>('coordinator', () => undefined);

/** Returns undefined if this is the only process. */
export function coordinator(): Coordinator | undefined {
  return current.get();
}

/** Sets the coordinator of a worker. @throws Error after the first call of `coordinator` or of this function */
export function setCoordinator(value: Coordinator): void {
  current.set(value);
}
