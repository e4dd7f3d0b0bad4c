import type { RateLimitName } from '../config/rate-limits.ts';
import { singleton } from '../lib/singleton.ts';
import type { Charged } from '../rate-limit/memory-store.ts';

/** What every worker can tell, or do, when another asks. */
export type Topic = 'metrics' | 'commonMetrics' | 'upstreams' | 'expireFeed';

/** Names that are kept for all workers: signatures that were used, and receipts of mails that do not exist. */
export type SharedSpace = 'signature' | 'pretended';

/** The delivery of mails, which one worker of a machine does. */
export type MailDelivery = {
  begin(): void;
  /** Resolves when the running attempt has its outcome. */
  end(): Promise<void>;
  /** A mail may be due. */
  wake(): void;
};

/** What the workers of one machine have in common, as one of them sees it. Nothing here throws. */
export type Coordinator = {
  /** Makes the pseudonyms of callers the same in all logs. */
  salt: string;
  /** When the first worker with this one's code and settings was started. */
  startedAt: Date;
  /** @returns undefined when the primary does not answer */
  charge(name: RateLimitName, bucket: string): Promise<Charged | undefined>;
  /** Keeps a value under a name that has none. @returns the value that it had */
  putIfAbsent(space: SharedSpace, name: string, value: string): Promise<string | undefined>;
  get(space: SharedSpace, name: string): Promise<string | undefined>;
  /**
   * @param own what this worker has to say itself, which is kept for when it is gone
   * @returns what the others say, those that are gone included where the topic has use for it
   */
  askOthers(topic: Topic, own?: unknown): Promise<unknown[]>;
  onAsk(topic: Topic, answer: () => unknown): void;
  /** Called when it becomes this worker's to deliver mails, or at once when it is. */
  offerDelivery(delivery: MailDelivery): void;
  /** Tells the worker that delivers mails that one may be due. */
  wakeDelivery(): void;
};

/** Undefined where one process is all there is. A worker sets it before anything asks. */
export function coordinator(): Coordinator | undefined {
  return singleton<Coordinator | undefined>('machine', () => undefined);
}
