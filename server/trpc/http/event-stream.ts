/**
 * Subscriptions over server-sent events, in the format of tRPC's `httpSubscriptionLink`. A batch of them shares one stream,
 * in a format of this product, whose events name the call: a browser has six connections for each site.
 */
import { isTrackedEnvelope, TRPCError } from '@trpc/server';
import { limits } from '../../config/limits.ts';
import { AppError } from '../../errors.ts';
import type { HttpResponse } from '../../http/response.ts';
import { isRecord } from '../../lib/is-record.ts';
import { isLeaving } from '../../live/open-streams.ts';
import { createStreamBody, randomBetween } from '../../live/stream-body.ts';
import { bucketOf, type Principal, requireUser } from '../../principal.ts';
import type { Context, StreamContext } from '../context.ts';
import { errorShape, toAppError } from '../init.ts';
import { type ProcedureEntry, procedures, takesInput } from '../procedure-registry.ts';
import { requireStatusAccess, type StatusSettings } from '../status-access.ts';
import { type Calls, callOutput, inputReader } from './call-procedures.ts';
import { serializeOutputJson } from './output-json.ts';
import { validate } from './validate.ts';

const { itemBytes, silence, retryDelay } = limits.live;

const eventStreamType = 'text/event-stream';

export type StreamOptions = {
  /** Ends the stream when everything is sent that is known now, for clients that cannot keep it open. */
  once: boolean;
  /** Returns the caller of the request as of now. */
  authenticate: () => Principal | Promise<Principal>;
};

/** The events of a call. `undefined` as id: the client does not come back with it. */
type Events = {
  data: (json: string, id: string) => string;
  error: (shape: unknown) => string;
  end: string;
};

/** tRPC's own events. */
const singleEvents: Events = {
  data: (json, id) => `data: ${json}\nid: ${id}\n\n`,
  error: (shape) => `event: serialized-error\ndata: ${JSON.stringify({ json: shape })}\n\n`,
  end: 'event: return\ndata:\n\n',
};

const batchEvents = (call: number): Events => ({
  data: (json, id) => `data: {"call":${call},"id":${JSON.stringify(id)},"data":${json}}\n\n`,
  error: (shape) => `data: ${JSON.stringify({ call, error: { json: shape } })}\n\n`,
  end: `data: {"call":${call},"end":true}\n\n`,
});

/**
 * Runs the subscriptions of a request and streams what they yield.
 *
 * @throws AppError `rate_limited` if the caller has too many streams, or `overloaded`
 */
export function streamEvents(calls: Calls, options: StreamOptions): HttpResponse {
  const { ctx, paths, isBatch } = calls;
  if (isLeaving()) throw new AppError('overloaded', { retryAfterSeconds: 1 });
  // A poll must succeed while the caller has all its streams open.
  const release = options.once ? () => undefined : acquireStream(ctx);
  const { scope } = ctx;
  const stream = createStreamBody(calls.signal);
  const { signal, send, ready, end } = stream;
  scope.streamed = stream.closed.then((bytes) => {
    scope.bytesOut += bytes;
    release();
  });
  send(`retry: ${randomBetween(retryDelay)}\n`);
  send(`event: connected\ndata: {"reconnectAfterInactivityMs":${silence}}\n\n`);
  const inputOf = inputReader(calls);
  const running = paths.map((path, index) =>
    runCall({
      path,
      index,
      calls: { ...calls, signal },
      read: () => inputOf(index),
      events: isBatch ? batchEvents(index) : singleEvents,
      send,
      ready,
      once: options.once,
    }),
  );
  void Promise.all(running).then(end);
  if (!options.once) stream.keepAlive(() => holdsRights(calls, options.authenticate));
  return {
    status: 200,
    headers: {
      'content-type': eventStreamType,
      'cache-control': 'private, no-store, no-transform',
      // nginx would otherwise collect the events before it passes them on.
      'x-accel-buffering': 'no',
    },
    body: stream.body,
  };
}

/** @returns a function that gives the stream back. @throws AppError as `streamEvents` */
function acquireStream({ services, principal }: Context): () => void {
  const slot = services.shares.live.acquire(bucketOf(principal) ?? 'internal');
  if (!slot.exceeded) return slot.release;
  const reason = slot.exceeded === 'total' ? 'overloaded' : 'rate_limited';
  throw new AppError(reason, { retryAfterSeconds: limits.live.retryAfterSeconds });
}

type Run = {
  path: string;
  index: number;
  calls: Calls;
  read: () => Promise<unknown>;
  events: Events;
  send: (text: string) => void;
  ready: () => Promise<void>;
  once: boolean;
};

/** Sends what one subscription yields. Does not throw: an error is an event. */
async function runCall({ path, index, calls, read, events, send, ready, once }: Run): Promise<void> {
  const { ctx } = calls;
  // Aborts the subscription alone, when it waits for something new and the client does not.
  const idle = new AbortController();
  const own = AbortSignal.any([calls.signal, idle.signal]);
  const stream: StreamContext = {
    signal: own,
    lastEventId: calls.isBatch ? null : ctx.header('last-event-id'),
    ...(once ? { onWait: () => idle.abort() } : {}),
  };
  try {
    const procedure = procedures.get(path);
    if (procedure?.type !== 'subscription') throw new TRPCError({ code: 'NOT_FOUND' });
    const items = await callOutput(path, index, {
      calls: { ...calls, ctx: { ...ctx, stream }, signal: own },
      read: async () => takeLastEventId(await read(), procedure, stream),
    });
    for await (const item of asIterable(items)) {
      if (own.aborted) return;
      if (!isTrackedEnvelope(item)) throw new TypeError('a subscription must yield tracked() items');
      const [id, data] = item;
      send(events.data(await itemJson(procedure, { id, data }), id));
      await ready();
    }
    if (!own.aborted) send(events.end);
  } catch (cause) {
    if (own.aborted) return;
    const error =
      cause instanceof TRPCError
        ? cause
        : new TRPCError({ code: 'INTERNAL_SERVER_ERROR', cause: toAppError(cause) });
    calls.onError({ error, path });
    send(events.error(errorShape({ error, path, ctx })));
  }
}

/** The JSON of items by procedure and object, with their ids: all streams of a watched state send the same object. */
const sentItems = new WeakMap<ProcedureEntry, WeakMap<object, { id: string; json: string }>>();

/** Returns the validated item as JSON. @throws Error if the item has not the schema of the output, or is too large */
export async function itemJson(
  procedure: ProcedureEntry,
  item: { id: string; data: unknown },
): Promise<string> {
  const { id, data } = item;
  const known = isRecord(data) || Array.isArray(data) ? data : undefined;
  const items = sentItems.get(procedure) ?? new WeakMap<object, { id: string; json: string }>();
  const sent = known && items.get(known);
  // With another id, the object has changed.
  if (sent?.id === id) return sent.json;
  const json = serializeOutputJson(await validate(procedure.output, data));
  if (json.length > itemBytes) throw new RangeError(`an item of ${procedure.path} is too large`);
  if (known) sentItems.set(procedure, items.set(known, { id, json }));
  return json;
}

function asIterable(value: unknown): AsyncIterable<unknown> {
  if (isRecord(value) && Symbol.asyncIterator in value) return value as AsyncIterable<unknown>;
  throw new TypeError('a subscription must return a stream');
}

/** Takes the id of the last event out of an input: tRPC's clients put it there when they come back. */
function takeLastEventId(input: unknown, procedure: ProcedureEntry, stream: StreamContext): unknown {
  if (!isRecord(input) || typeof input.lastEventId !== 'string') return input;
  const { lastEventId, ...rest } = input;
  stream.lastEventId = lastEventId;
  return takesInput(procedure.input) || Object.keys(rest).length > 0 ? rest : undefined;
}

/**
 * Returns whether the caller may still have what the stream sends: a session or a token may have ended, and a user may
 * have lost a role.
 */
export async function holdsRights(
  {
    ctx: { principal, services },
    paths,
  }: { ctx: { principal: Principal; services: StatusSettings }; paths: readonly string[] },
  authenticate: StreamOptions['authenticate'],
): Promise<boolean> {
  if (principal.kind !== 'user') return true;
  try {
    const now = await authenticate();
    const metas = paths.map((path) => procedures.get(path)?.meta);
    if (metas.some((meta) => meta?.showsStatus)) requireStatusAccess(now, services);
    return metas.every((meta) => requireUser(now, meta?.user ?? {}).id === principal.user.id);
  } catch {
    return false;
  }
}
