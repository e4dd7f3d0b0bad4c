import { z } from 'zod';
import { rateLimitNames } from '../config/rate-limits.ts';
import { hintTopics, sharedSpaces, topics } from '../process/coordinator.ts';

const id = z.int();
const rateLimitName = z.enum(rateLimitNames);
const topic = z.enum(topics);
/** A state has changed, which other workers may watch. */
const hint = z.object({ kind: z.literal('hint'), topic: z.enum(hintTopics), key: z.string() });

/** Rate limit, bucket and number of calls that one worker charges to the bucket in one turn of the event loop. */
const chargeSchema = z.tuple([rateLimitName, z.string(), z.int()]);
export type Charge = z.infer<typeof chargeSchema>;

const sharedChargeResultSchema = z.object({
  /** Points of the bucket after all calls of the charge. */
  consumed: z.number(),
  msBeforeNext: z.number(),
  /** Every further call in this window is rejected. */
  isExhausted: z.boolean(),
});
export type SharedChargeResult = z.infer<typeof sharedChargeResultSchema>;

const workerRequest = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('connect') }),
  z.object({ kind: z.literal('charge'), charges: z.array(chargeSchema) }),
  z.object({
    kind: z.literal('putIfAbsent'),
    space: z.enum(sharedSpaces),
    name: z.string(),
    value: z.string(),
  }),
  z.object({ kind: z.literal('broadcast'), topic, own: z.unknown().optional() }),
  /** Final metrics. The worker exits only after the response, because messages in transit at its exit may be lost. */
  z.object({ kind: z.literal('finalMetrics'), metrics: z.unknown().optional() }),
]);
export type WorkerRequest = z.infer<typeof workerRequest>;

/** Response to `connect`. */
export const connectedSchema = z.object({
  salt: z.string(),
  startedAt: z.coerce.date(),
  /** Other workers already serve requests, so this worker listens only after Next is loaded. */
  othersServe: z.boolean(),
});

/** Response to `charge`: one result per charge, in the same order. */
export const chargedSchema = z.array(sharedChargeResultSchema);

export const fromWorkerSchema = z.discriminatedUnion('kind', [
  /** The primary sends a `response` with the same id. */
  z.object({ kind: z.literal('request'), id, request: workerRequest }),
  /** Reply to `query`. */
  z.object({ kind: z.literal('reply'), id, value: z.unknown().optional() }),
  /** Next is loaded, so the worker serves pages as well as procedures and raw routes. */
  z.object({ kind: z.literal('ready') }),
  /** The worker cannot load the build and waits to be killed. */
  z.object({ kind: z.literal('failed') }),
  /** After `shutdown`: the worker accepts no more requests. */
  z.object({ kind: z.literal('drained') }),
  /** The worker received SIGTERM and waits for `drain` or `shutdown`. */
  z.object({ kind: z.literal('terminated') }),
  /** The worker has stopped delivering mails. */
  z.object({ kind: z.literal('resignMailLeader') }),
  z.object({ kind: z.literal('wakeMailLeader') }),
  hint,
]);
export type FromWorker = z.infer<typeof fromWorkerSchema>;

export const toWorkerSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('response'), id, value: z.unknown().optional() }),
  z.object({ kind: z.literal('query'), id, topic }),
  z.object({ kind: z.literal('becomeMailLeader') }),
  z.object({ kind: z.literal('wakeMailLeader') }),
  hint,
  /** Exit once all connections have ended: other workers keep serving. */
  z.object({ kind: z.literal('drain') }),
  /** Exit within the shutdown deadlines: all workers shut down. */
  z.object({ kind: z.literal('shutdown') }),
  /** No worker accepts requests any more, so no more mails can arrive. */
  z.object({ kind: z.literal('allDrained') }),
]);
export type ToWorker = z.infer<typeof toWorkerSchema>;

/** A query that the primary sends to several workers. Each of them replies. */
export type BroadcastMessage = Omit<Extract<ToWorker, { kind: 'query' }>, 'id'>;
