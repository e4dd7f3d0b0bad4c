import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { Accepted } from '../fleet.ts';

const kinds = ['echo', 'reading', 'feed', 'page', 'mail', 'limited'] as const;
export type Kind = (typeof kinds)[number];

/** A request through the balancer and its outcome. */
export type Attempt = {
  kind: Kind;
  /** Phase in which it started. */
  phase: string;
  /** Phase in which it ended. */
  endPhase: string;
  startedAt: number;
  endedAt: number;
  requestId: string;
  /** 0 without a response. */
  status: number;
  /** Port of the instance that the balancer chose. */
  servedBy: number;
  /** Reason in an error response of the product. */
  reason: string | undefined;
  /** Whether the response has the request's id. */
  keepsRequestId: boolean;
};

export type Load = {
  attempts: readonly Attempt[];
  /** Receipts of accepted mails; a mail can have several. */
  accepted: readonly Accepted[];
  readonly phase: string;
  enterPhase(name: string): void;
  /**
   * Waits until a request of this kind that started after the call has failed.
   *
   * @throws Error when none fails in time
   */
  untilFailure(kind: Kind): Promise<void>;
  /** Waits until all running requests have ended and every mail was accepted. */
  stop(): Promise<void>;
};

/** Address of the client whose rate limit is checked. */
const limitedClient = '198.51.100.7';
/** Milliseconds between two requests of a caller. A page takes the processor as long as many calls. */
const pauses: Record<Kind, number> = { echo: 40, reading: 25, feed: 60, page: 120, limited: 30, mail: 25 };
/** Milliseconds, at most, that a pause is longer. The limited caller keeps its rate. */
const pauseVariation = 20;
/** Milliseconds until the first request fails after a fault, at most. */
const failureTime = 30_000;

const errorSchema = z.object({
  error: z.union([
    z.object({ json: z.object({ data: z.object({ reason: z.string(), requestId: z.string() }) }) }),
    z.object({ reason: z.string(), requestId: z.string() }),
  ]),
});
const receiptSchema = z.object({
  result: z.object({ data: z.object({ json: z.object({ id: z.string(), messageId: z.string() }) }) }),
});

type RequestSpec = { method?: string; path: string; input?: unknown; client?: string; key?: string };

/** Starts one caller per kind of request. Each sends one request after the other until `stop`. */
export function startLoad(url: string, random: () => number): Load {
  const attempts: Attempt[] = [];
  const accepted: Accepted[] = [];
  let phase = 'before';
  let stopped = false;
  let mails = 0;

  const randomInt = (count: number) => Math.floor(random() * count);
  /** A new address for each request, so that none is rate-limited. */
  const randomClient = () => `10.${randomInt(256)}.${randomInt(256)}.${randomInt(256)}`;

  const requests: Record<Kind, () => RequestSpec> = {
    echo: () => ({ path: '/api/trpc/fixture.body', input: { n: randomInt(1_000) } }),
    reading: () => ({
      path: '/api/trpc/fixture.reading',
      input: { lat: 40 + randomInt(20), lng: randomInt(2) * randomInt(100) },
    }),
    feed: () => ({ method: 'GET', path: '/rss.xml' }),
    page: () => ({ method: 'GET', path: '/docs' }),
    limited: () => ({ path: '/api/trpc/fixture.body', input: 1, client: limitedClient }),
    mail: () => {
      mails += 1;
      const key = `chaos-mail-${mails}`;
      const email = `visitor-${mails}@visitor.example`;
      const input = {
        idempotencyKey: key,
        email,
        subject: `Number ${mails}`,
        contents: 'Through thick and thin.',
      };
      return { path: '/api/trpc/email.send', input, key };
    },
  };

  async function send(
    kind: Kind,
    { method = 'POST', path, input, client, key }: RequestSpec,
  ): Promise<Attempt> {
    const requestId = crypto.randomUUID();
    const startedAt = performance.now();
    const attempt: Attempt = {
      kind,
      phase,
      endPhase: phase,
      startedAt,
      endedAt: 0,
      requestId,
      status: 0,
      servedBy: 0,
      reason: undefined,
      keepsRequestId: false,
    };
    try {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          'x-client': client ?? randomClient(),
          'x-request-id': requestId,
          ...(method === 'POST' ? { 'content-type': 'application/json' } : {}),
        },
        ...(method === 'POST' ? { body: JSON.stringify({ json: input }) } : {}),
      });
      const text = await response.text();
      attempt.status = response.status;
      attempt.servedBy = Number(response.headers.get('x-served-by') ?? 0);
      attempt.keepsRequestId = response.headers.get('x-request-id') === requestId;
      if (response.status >= 400) attempt.reason = reasonOf(text);
      else if (key) accepted.push({ key, ...receiptSchema.parse(JSON.parse(text)).result.data.json });
    } catch (error) {
      // `fetch` throws a TypeError when the connection fails. Any other error is a bug in this file.
      if (!(error instanceof TypeError)) throw error;
    }
    attempt.endedAt = performance.now();
    attempt.endPhase = phase;
    attempts.push(attempt);
    return attempt;
  }

  /** Sends a request. A mail is retried with the same idempotency key until it is accepted. */
  async function sendWithRetry(kind: Kind): Promise<void> {
    const request = requests[kind]();
    for (;;) {
      const { status } = await send(kind, request);
      if (!request.key || (status > 0 && status < 500)) return;
      await delay(200);
    }
  }

  async function call(kind: Kind): Promise<void> {
    while (!stopped) {
      await sendWithRetry(kind);
      await delay(pauses[kind] + (kind === 'limited' ? 0 : randomInt(pauseVariation)));
    }
  }
  const calls = kinds.map(call);

  return {
    attempts,
    accepted,
    get phase() {
      return phase;
    },
    enterPhase(name) {
      phase = name;
    },
    async untilFailure(kind) {
      const from = performance.now();
      const failed = ({ kind: own, startedAt, status }: Attempt) =>
        own === kind && startedAt >= from && status !== 200;
      while (!attempts.some(failed)) {
        if (performance.now() - from > failureTime)
          throw new Error(`no request of kind ${kind} failed after the fault`);
        await delay(20);
      }
    },
    async stop() {
      stopped = true;
      await Promise.all(calls);
    },
  };
}

function reasonOf(text: string): string | undefined {
  try {
    const { error } = errorSchema.parse(JSON.parse(text));
    return 'json' in error ? error.json.data.reason : error.reason;
  } catch {
    return undefined;
  }
}
