import { type OperationResultEnvelope, TRPCClientError, type TRPCLink } from '@trpc/client';
import { type Observer, observable } from '@trpc/server/observable';
import superjson from 'superjson';
import type { limits } from '#server/config/limits.ts';
import type { AppRouter } from '#server/trpc/router.ts';
import { readEvents, type StreamEvent } from './event-stream.ts';
import { takeStream } from './stream-lock.ts';

/** The server's limits. Their types prevent any other numbers here. */
const maxSubscriptions: (typeof limits)['batchSize'] = 10;
const silence: (typeof limits)['live']['silence'] = 40_000;

/** Time in which a stream must begin, in milliseconds: the server sends its first event at once. */
const firstEventWithin = 10_000;
/** In milliseconds. */
const backoff = { first: 1_000, longest: 30_000 };
/** Time between two requests of a client that cannot keep a stream open, in milliseconds. */
const pollInterval = 5_000;
/** Number of streams that do not begin after which the client polls. */
const failuresBeforePolling = 3;
/** Number of polls after which the client tries a stream again. */
const pollsBeforeStream = 60;
/** Time after which a hidden page ends its stream, in milliseconds. */
const hiddenFor = 30_000;

type ClientError = TRPCClientError<AppRouter>;
type ResultObserver = Observer<OperationResultEnvelope<unknown, ClientError>, ClientError>;

type Subscription = {
  path: string;
  input: unknown;
  lastEventId: string | undefined;
  /** Retryable errors since the last item. */
  failures: number;
  observer: ResultObserver;
};

export type LiveOptions = {
  /** URL of the tRPC endpoint: a path in the browser, an absolute URL elsewhere. */
  url: string;
  headers?: () => Record<string, string> | Promise<Record<string, string>>;
};

/** A failure after which the same subscriptions may succeed. */
class RetryableError extends Error {
  readonly error: ClientError;
  /** Minimum time until the next request, in milliseconds. */
  readonly retryAfter: number;

  constructor(error: ClientError, retryAfter = 0) {
    super(error.message, { cause: error });
    this.error = error;
    this.retryAfter = retryAfter;
  }
}

/**
 * The link of subscriptions. All subscriptions of a page share one stream, over POST, so that no URL contains their inputs.
 * After a failure, silence or a hidden page, the link requests a new stream with the id of the last event of each
 * subscription. Where streams do not work, it polls.
 */
export function liveLink(options: LiveOptions): TRPCLink<AppRouter> {
  const connection = createConnection(options);
  return () =>
    ({ op }) =>
      observable((observer) =>
        connection.add({ path: op.path, input: op.input, lastEventId: undefined, failures: 0, observer }),
      );
}

function createConnection({ url, headers }: LiveOptions) {
  const subscriptions = new Set<Subscription>();
  let running: AbortController | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** Failed requests in a row. */
  let failures = 0;
  /** Streams in a row that did not begin, or exceeded the number of streams of the caller. */
  let failedStreams = 0;
  let polls = 0;

  /** Starts the next request after a delay. */
  function schedule(delay: number): void {
    clearTimeout(timer);
    timer = setTimeout(() => void connect(), delay);
  }

  function stop(): void {
    running?.abort();
    running = undefined;
    clearTimeout(timer);
  }

  function restart(): void {
    stop();
    // Subscriptions that begin or end together make one request.
    if (subscriptions.size > 0 && !isHidden()) schedule(0);
  }

  async function connect(): Promise<void> {
    if (subscriptions.size === 0 || running) return;
    const controller = new AbortController();
    running = controller;
    const release = failedStreams < failuresBeforePolling ? await takeStream(controller.signal) : undefined;
    const once = release === undefined;
    if (once) notePoll();
    // Streams that end at once would otherwise begin again and again.
    let delay = once ? pollInterval : Math.random() * backoff.first;
    try {
      await request([...subscriptions], { once, controller });
      failures = 0;
    } catch (error) {
      if (running !== controller) return;
      failures += 1;
      delay = delayAfter(error, Math.max(failures, ...[...subscriptions].map((each) => each.failures)));
      const cause =
        error instanceof RetryableError ? error.error : TRPCClientError.from<AppRouter>(asError(error));
      for (const { observer } of subscriptions) observer.next({ result: connecting(cause) });
    } finally {
      release?.();
    }
    if (running !== controller) return;
    running = undefined;
    if (subscriptions.size > 0 && !isHidden()) schedule(delay);
  }

  function notePoll(): void {
    polls += 1;
    if (polls < pollsBeforeStream) return;
    polls = 0;
    failedStreams = Math.min(failedStreams, failuresBeforePolling - 1);
  }

  /** @throws RetryableError, or the error of the connection */
  async function request(
    called: readonly Subscription[],
    { once, controller }: { once: boolean; controller: AbortController },
  ): Promise<void> {
    const paths = called.map(({ path }) => path).join(',');
    const inputs = Object.fromEntries(
      called.map((each, index) => [index, superjson.serialize(inputOf(each))]),
    );
    let hasBegun = false;
    const onSilence = () => {
      if (!once && !hasBegun) failedStreams += 1;
      controller.abort(new Error('the stream is silent'));
    };
    let watchdog = setTimeout(onSilence, firstEventWithin);
    let retry: ReturnType<typeof setTimeout> | undefined;
    const onBytes = () => {
      hasBegun = true;
      if (!once) failedStreams = 0;
      clearTimeout(watchdog);
      watchdog = setTimeout(onSilence, silence);
    };
    try {
      const response = await fetch(`${url}/${paths}?batch=1${once ? '&once=1' : ''}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...(await headers?.()) },
        body: JSON.stringify(inputs),
        signal: controller.signal,
        cache: 'no-store',
      });
      if (!response.ok || !response.body) {
        // Other pages or devices behind the same address have all streams: a poll takes none.
        if (!once && response.status === 429) failedStreams += 1;
        return await reject(called, response);
      }
      for (const { observer } of called) observer.next({ result: { type: 'started' } });
      for (const { observer } of called) observer.next({ result: pending });
      let failure: RetryableError | undefined;
      await readEvents(response.body, {
        onBytes,
        onEvent(event) {
          const subscription = called[event.call];
          if (!subscription || !subscriptions.has(subscription)) return;
          const error = handle(subscription, event);
          if (!error) {
            failures = 0;
            return;
          }
          failure = error;
          // The stream goes on for the others, up to ten minutes.
          if (!once) retry ??= setTimeout(restart, delayAfter(error, subscription.failures));
        },
      });
      if (failure) throw failure;
    } finally {
      clearTimeout(watchdog);
      clearTimeout(retry);
    }
  }

  /** @returns an error after which the subscription should be tried again */
  function handle(subscription: Subscription, event: StreamEvent): RetryableError | undefined {
    const { observer } = subscription;
    if ('data' in event) {
      const { id, data } = event;
      subscription.lastEventId = id;
      subscription.failures = 0;
      observer.next({ result: { id, data: { id, data: superjson.deserialize(data) } } });
      return undefined;
    }
    if ('error' in event) {
      const error = TRPCClientError.from<AppRouter>({ error: event.error.json });
      if (isRetryable(error.data?.httpStatus ?? 500)) {
        subscription.failures += 1;
        observer.next({ result: connecting(error) });
        return new RetryableError(error, (error.data?.retryAfterSeconds ?? 0) * 1_000);
      }
      subscriptions.delete(subscription);
      observer.error(error);
      return undefined;
    }
    subscriptions.delete(subscription);
    observer.next({ result: { type: 'stopped' } });
    observer.complete();
    return undefined;
  }

  /** Ends the subscriptions of a request that will never be accepted. @throws RetryableError if another one may be */
  async function reject(called: readonly Subscription[], response: Response): Promise<void> {
    const error = await errorOf(response);
    if (isRetryable(response.status)) {
      throw new RetryableError(error, Number(response.headers.get('retry-after')) * 1_000 || 0);
    }
    for (const subscription of called) {
      subscriptions.delete(subscription);
      subscription.observer.error(error);
    }
  }

  /** Full jitter: many clients that lost the same server do not all come back at once. */
  function delayAfter(error: unknown, inRow: number): number {
    const longest = Math.min(backoff.longest, backoff.first * 2 ** (inRow - 1));
    return (error instanceof RetryableError ? error.retryAfter : 0) + Math.random() * longest;
  }

  let hiding: ReturnType<typeof setTimeout> | undefined;
  function onVisibilityChange(): void {
    clearTimeout(hiding);
    if (isHidden()) hiding = setTimeout(stop, hiddenFor);
    else if (!running && subscriptions.size > 0) schedule(0);
  }
  if (typeof document !== 'undefined') document.addEventListener('visibilitychange', onVisibilityChange);

  return {
    add(subscription: Subscription): () => void {
      if (subscriptions.size >= maxSubscriptions) {
        const problem = new Error(`a page has at most ${maxSubscriptions} subscriptions`);
        subscription.observer.error(TRPCClientError.from<AppRouter>(problem));
        return () => undefined;
      }
      subscriptions.add(subscription);
      subscription.observer.next({ result: connecting(null) });
      restart();
      return () => {
        if (subscriptions.delete(subscription)) restart();
      };
    },
  };
}

const pending = { type: 'state', state: 'pending', error: null } as const;
const connecting = (error: ClientError | null) => ({ type: 'state', state: 'connecting', error }) as const;

function isRetryable(status: number): boolean {
  return status >= 500 || status === 429 || status === 408;
}

function isHidden(): boolean {
  return typeof document !== 'undefined' && document.visibilityState === 'hidden';
}

/** tRPC's convention: the server takes the id out of the input. */
function inputOf({ input, lastEventId }: Subscription): unknown {
  return lastEventId === undefined ? input : Object.assign({}, input, { lastEventId });
}

async function errorOf(response: Response): Promise<ClientError> {
  try {
    const { error } = await response.json();
    return TRPCClientError.from<AppRouter>({ error: error.json });
  } catch {
    return TRPCClientError.from<AppRouter>(new Error(`HTTP ${response.status}`));
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
