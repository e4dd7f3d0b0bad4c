import { type OperationResultEnvelope, TRPCClientError, type TRPCLink } from '@trpc/client';
import { type Observer, observable } from '@trpc/server/observable';
import superjson, { type SuperJSONResult } from 'superjson';
import type { limits } from '#server/config/limits.ts';
import type { AppRouter } from '#server/trpc/router.ts';
import { readEvents, type StreamEvent } from './event-stream.ts';

/** The server's limits. Their types prevent any other numbers here. */
const maxSubscriptions: (typeof limits)['batchSize'] = 10;
const silence: (typeof limits)['live']['silence'] = 40_000;

/** In milliseconds. */
const backoff = { first: 1_000, longest: 30_000 };
/** Time between two requests of a client that cannot keep a stream open, in milliseconds. */
const pollInterval = 5_000;
/** Number of failures after which the client asks at intervals. */
const failuresBeforePolling = 3;
/** Time after which a hidden page ends its stream, in milliseconds. */
const hiddenFor = 30_000;
/** Number of pages of one browser that may have a stream. The others ask at intervals: a browser has six connections. */
const streamsPerBrowser = 2;

type ClientError = TRPCClientError<AppRouter>;
type ResultObserver = Observer<OperationResultEnvelope<unknown, ClientError>, ClientError>;

type Subscription = {
  path: string;
  input: unknown;
  lastEventId: string | undefined;
  observer: ResultObserver;
};

export type LiveOptions = {
  /** URL of the tRPC endpoint: a path in the browser, an absolute URL elsewhere. */
  url: string;
  headers?: () => Record<string, string> | Promise<Record<string, string>>;
};

/**
 * The link of subscriptions. All subscriptions of a page share one stream, over POST, so that no URL has their inputs. It
 * comes back by itself, with the id of the last event of each: after a cut-off, after silence, when the page is shown
 * again. Where streams do not work, it asks at intervals.
 */
export function liveLink(options: LiveOptions): TRPCLink<AppRouter> {
  const connection = createConnection(options);
  return () =>
    ({ op }) =>
      observable((observer) =>
        connection.add({
          path: op.path,
          input: op.input,
          lastEventId: undefined,
          observer,
        }),
      );
}

function createConnection({ url, headers }: LiveOptions) {
  const subscriptions = new Set<Subscription>();
  let running: AbortController | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;

  /** Starts the next request after a time, instead of the running one. */
  function schedule(delay: number): void {
    clearTimeout(timer);
    timer = setTimeout(() => void connect(), delay);
  }

  function restart(): void {
    running?.abort();
    running = undefined;
    if (subscriptions.size === 0) clearTimeout(timer);
    // Subscriptions that begin or end together make one request.
    else if (!isHidden()) schedule(0);
  }

  async function connect(): Promise<void> {
    if (subscriptions.size === 0 || running) return;
    const controller = new AbortController();
    running = controller;
    const release = failures < failuresBeforePolling ? await takeStream(controller.signal) : undefined;
    const once = release === undefined;
    // Streams that end at once would otherwise begin again and again.
    let delay = once ? pollInterval : Math.random() * backoff.first;
    try {
      const ended = await request([...subscriptions], { once, controller });
      if (ended) failures = 0;
    } catch (error) {
      if (controller.signal.aborted && running !== controller) return;
      failures += 1;
      delay = delayAfter(error);
      for (const { observer } of subscriptions) observer.next({ result: connecting(toClientError(error)) });
    } finally {
      release?.();
    }
    if (running !== controller) return;
    running = undefined;
    if (subscriptions.size > 0 && !isHidden()) schedule(delay);
  }

  /** @returns once the stream has ended. @throws if it could not begin, or was cut off */
  async function request(
    called: readonly Subscription[],
    { once, controller }: { once: boolean; controller: AbortController },
  ): Promise<boolean> {
    const paths = called.map(({ path }) => path).join(',');
    const inputs = Object.fromEntries(
      called.map((each, index) => [index, superjson.serialize(inputOf(each))]),
    );
    let watchdog: ReturnType<typeof setTimeout> | undefined;
    const onBytes = () => {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => controller.abort(new Error('the stream is silent')), silence);
    };
    onBytes();
    try {
      const response = await fetch(`${url}/${paths}?batch=1${once ? '&once=1' : ''}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...(await headers?.()) },
        body: JSON.stringify(inputs),
        signal: controller.signal,
        cache: 'no-store',
      });
      if (!response.ok || !response.body) return await reject(called, response);
      for (const { observer } of called) observer.next({ result: { type: 'started' } });
      for (const { observer } of called) observer.next({ result: pending });
      let failure: unknown;
      await readEvents(response.body, {
        onBytes,
        onEvent(event) {
          failures = 0;
          failure = handle(called[event.call], event) ?? failure;
        },
      });
      if (failure !== undefined) throw failure;
      return true;
    } finally {
      clearTimeout(watchdog);
    }
  }

  /** @returns an error after which the subscription should be tried again */
  function handle(subscription: Subscription | undefined, event: StreamEvent): unknown {
    if (!subscription || !subscriptions.has(subscription)) return undefined;
    const { observer } = subscription;
    if ('data' in event) {
      subscription.lastEventId = event.id;
      const data = superjson.deserialize(event.data as SuperJSONResult);
      observer.next({ result: { id: event.id, data: { id: event.id, data } } });
      return undefined;
    }
    if ('error' in event) {
      const error = toClientError(event);
      if ((error.data?.httpStatus ?? 500) >= 500) return error;
      subscriptions.delete(subscription);
      observer.error(error);
      return undefined;
    }
    subscriptions.delete(subscription);
    observer.next({ result: { type: 'stopped' } });
    observer.complete();
    return undefined;
  }

  /** Ends the subscriptions of a request that will never be accepted. @throws if another one may be */
  async function reject(called: readonly Subscription[], response: Response): Promise<boolean> {
    const body: unknown = await response.json().catch(() => undefined);
    const error = toClientError(body ?? new Error(`HTTP ${response.status}`));
    if (response.status >= 500 || response.status === 429 || response.status === 408) {
      throw Object.assign(error, { retryAfter: Number(response.headers.get('retry-after')) * 1_000 });
    }
    for (const subscription of called) {
      subscriptions.delete(subscription);
      subscription.observer.error(error);
    }
    return true;
  }

  /** Full jitter: many clients that lost the same server do not all come back at once. */
  function delayAfter(error: unknown): number {
    const longest = Math.min(backoff.longest, backoff.first * 2 ** failures);
    const { retryAfter } = (error ?? {}) as { retryAfter?: number };
    return (retryAfter || 0) + Math.random() * longest;
  }

  let hiding: ReturnType<typeof setTimeout> | undefined;
  function onVisibilityChange(): void {
    clearTimeout(hiding);
    if (!isHidden()) {
      if (!running && subscriptions.size > 0) schedule(0);
      return;
    }
    hiding = setTimeout(() => {
      running?.abort();
      running = undefined;
      clearTimeout(timer);
    }, hiddenFor);
  }
  if (typeof document !== 'undefined') document.addEventListener('visibilitychange', onVisibilityChange);

  return {
    add(subscription: Subscription): () => void {
      if (subscriptions.size >= maxSubscriptions) {
        subscription.observer.error(
          toClientError(new Error(`a page has at most ${maxSubscriptions} subscriptions`)),
        );
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

function isHidden(): boolean {
  return typeof document !== 'undefined' && document.visibilityState === 'hidden';
}

/** tRPC's convention: the server takes the id out of the input. */
function inputOf({ input, lastEventId }: Subscription): unknown {
  return lastEventId === undefined ? input : { ...(input as object | undefined), lastEventId };
}

function toClientError(cause: unknown): TRPCClientError<AppRouter> {
  const { error } = (cause ?? {}) as { error?: { json?: unknown } };
  if (error?.json !== undefined) return TRPCClientError.from({ error: error.json } as never);
  return TRPCClientError.from(cause instanceof Error ? cause : new Error('the stream failed'));
}

/**
 * Takes one of the streams of this browser.
 *
 * @returns a function that gives it back, or undefined if other pages have them all
 */
async function takeStream(signal: AbortSignal): Promise<(() => void) | undefined> {
  if (typeof navigator === 'undefined' || !('locks' in navigator)) return () => undefined;
  for (let index = 0; index < streamsPerBrowser; index += 1) {
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const { promise: taken, resolve: decide } = Promise.withResolvers<boolean>();
    void navigator.locks.request(`live-stream-${index}`, { ifAvailable: true }, (lock) => {
      decide(lock !== null);
      return lock ? held : undefined;
    });
    if (await taken) {
      signal.addEventListener('abort', () => release());
      return release;
    }
  }
  return undefined;
}
