import { z } from 'zod';
import type { RateLimitName } from '../config/rate-limits.ts';
import type { SharedSpace, Topic } from '../process/coordinator.ts';

const limitNames = ['light', 'upstream', 'mail', 'mailSender', 'mailSite'] as const satisfies RateLimitName[];
const topics = ['metrics', 'commonMetrics', 'upstreams', 'expireFeed'] as const satisfies Topic[];
const spaces = ['signature', 'pretended'] as const satisfies SharedSpace[];

/**
 * A class, a bucket, how many calls of one turn of the event loop are charged to it, and how many more the worker would
 * have ahead.
 */
const chargeSchema = z.tuple([z.enum(limitNames), z.string(), z.int(), z.int()]);
export type Charge = z.infer<typeof chargeSchema>;

export const chargedSchema = z.array(
  z.object({
    /** Points of the bucket after all calls of the charge. */
    consumed: z.number(),
    msBeforeNext: z.number(),
    /** Further calls that the worker may let through unasked, in this window. */
    ahead: z.int(),
    /** Every further call of this window is refused. */
    isSpent: z.boolean(),
  }),
);
export type SharedCharged = z.infer<typeof chargedSchema>[number];

const space = z.enum(spaces);

const question = z.discriminatedUnion('about', [
  z.object({ about: z.literal('welcome') }),
  z.object({ about: z.literal('charges'), charges: z.array(chargeSchema) }),
  z.object({ about: z.literal('keep'), space, name: z.string(), value: z.string() }),
  z.object({ about: z.literal('kept'), space, name: z.string() }),
  z.object({ about: z.literal('others'), topic: z.enum(topics), own: z.unknown().optional() }),
  /** The worker's last metrics. It ends once they are acknowledged: what is under way when it ends may be lost. */
  z.object({ about: z.literal('lastMetrics'), metrics: z.unknown().optional() }),
]);
export type Question = z.infer<typeof question>;

/** What a worker is told when it begins. */
export const welcomeSchema = z.object({
  salt: z.string(),
  startedAt: z.coerce.date(),
  /** Whoever calls is answered meanwhile. */
  othersServe: z.boolean(),
});

export const fromWorkerSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('question'), id: z.int(), question }),
  z.object({ kind: z.literal('answer'), id: z.int(), answer: z.unknown().optional() }),
  /** It serves pages, too. */
  z.object({ kind: z.literal('loaded') }),
  /** It cannot load the build, and waits to be killed. */
  z.object({ kind: z.literal('failed') }),
  /** It was told to stop, and accepts no more requests. */
  z.object({ kind: z.literal('drained') }),
  /** It received SIGTERM, and waits for the primary's order. */
  z.object({ kind: z.literal('terminated') }),
  /** It delivers no more mails. */
  z.object({ kind: z.literal('deliveryEnded') }),
  z.object({ kind: z.literal('wakeDelivery') }),
]);
export type FromWorker = z.infer<typeof fromWorkerSchema>;

export const toWorkerSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('reply'), id: z.int(), value: z.unknown().optional() }),
  z.object({ kind: z.literal('ask'), id: z.int(), topic: z.enum(topics) }),
  /** Another worker needs what this one has ahead. */
  z.object({ kind: z.literal('giveBack'), id: z.int(), name: z.enum(limitNames), bucket: z.string() }),
  z.object({ kind: z.literal('deliver') }),
  z.object({ kind: z.literal('wakeDelivery') }),
  /** End without cutting anything: others go on here. */
  z.object({ kind: z.literal('leave') }),
  /** End as a machine that stops. */
  z.object({ kind: z.literal('stop') }),
  /** No worker accepts requests any more, and so no mails. */
  z.object({ kind: z.literal('allDrained') }),
]);
export type ToWorker = z.infer<typeof toWorkerSchema>;

/** What several workers are asked, and each answers. */
export type Inquiry =
  | { kind: 'ask'; topic: Topic }
  | { kind: 'giveBack'; name: RateLimitName; bucket: string };
