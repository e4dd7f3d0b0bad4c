import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { Accepted } from '../fleet.ts';

export const kinds = ['echo', 'weather', 'feed', 'page', 'mail', 'limited'] as const;
export type Kind = (typeof kinds)[number];

/** One request through the balancer, and what came of it. */
export type Attempt = {
  kind: Kind;
  phase: string;
  /** What was going on when it ended. */
  endPhase: string;
  startedAt: number;
  endedAt: number;
  requestId: string;
  /** 0 when nothing came. */
  status: number;
  /** The port of the instance that the balancer gave it to. */
  servedBy: number;
  /** Of a refusal in the product's form. */
  reason: string | undefined;
  /** Whether the answer carries the id that the request came with. */
  keepsId: boolean;
};

export type Load = {
  attempts: readonly Attempt[];
  /** Every mail that was accepted, each time that was said. */
  accepted: readonly Accepted[];
  enter(phase: string): void;
  /** Waits until what was begun has ended, and every mail was accepted. */
  stop(): Promise<void>;
};

/** The caller whose limit is looked at. */
const limitedClient = '198.51.100.7';
const pause = { limited: 30, other: 15 };

const refusalSchema = z.object({
  error: z.union([
    z.object({ json: z.object({ data: z.object({ reason: z.string(), requestId: z.string() }) }) }),
    z.object({ reason: z.string(), requestId: z.string() }),
  ]),
});
const receiptSchema = z.object({
  result: z.object({ data: z.object({ json: z.object({ id: z.string(), messageId: z.string() }) }) }),
});

type Sent = { method?: string; path: string; input?: unknown; client?: string; key?: string };

/** Callers that ask for a bit of everything, one request after the other, until they are told to stop. */
export function startLoad(url: string, random: () => number): Load {
  const attempts: Attempt[] = [];
  const accepted: Accepted[] = [];
  let phase = 'before';
  let stopped = false;
  let mails = 0;

  const drawn = (count: number) => Math.floor(random() * count);
  /** Each from somewhere else, so that no limit is met. */
  const anyClient = () => `10.${drawn(256)}.${drawn(256)}.${drawn(256)}`;

  const requests: Record<Kind, () => Sent> = {
    echo: () => ({ path: '/api/trpc/echo.body', input: { n: drawn(1_000) } }),
    weather: () => ({
      path: '/api/trpc/weather.forecast',
      input: { lat: 40 + drawn(20), lng: drawn(2) * drawn(100) },
    }),
    feed: () => ({ method: 'GET', path: '/rss.xml' }),
    page: () => ({ method: 'GET', path: '/posts' }),
    limited: () => ({ path: '/api/trpc/echo.body', input: 1, client: limitedClient }),
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

  async function send(kind: Kind, { method = 'POST', path, input, client, key }: Sent): Promise<Attempt> {
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
      keepsId: false,
    };
    try {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          'x-client': client ?? anyClient(),
          'x-request-id': requestId,
          ...(method === 'POST' ? { 'content-type': 'application/json' } : {}),
        },
        ...(method === 'POST' ? { body: JSON.stringify({ json: input }) } : {}),
      });
      const text = await response.text();
      attempt.status = response.status;
      attempt.servedBy = Number(response.headers.get('x-served-by') ?? 0);
      attempt.keepsId = response.headers.get('x-request-id') === requestId;
      if (response.status >= 400) attempt.reason = reasonOf(text);
      else if (key) accepted.push({ key, ...receiptSchema.parse(JSON.parse(text)).result.data.json });
    } catch (error) {
      // What the connection did; anything else is a mistake of this file.
      if (!(error instanceof TypeError)) throw error;
    }
    attempt.endedAt = performance.now();
    attempt.endPhase = phase;
    attempts.push(attempt);
    return attempt;
  }

  /** A mail is the caller's until it is accepted: it comes again, under the same key. */
  async function deliver(kind: Kind): Promise<void> {
    const sent = requests[kind]();
    for (;;) {
      const { status } = await send(kind, sent);
      if (!sent.key || (status > 0 && status < 500)) return;
      await delay(200);
    }
  }

  async function call(kind: Kind): Promise<void> {
    while (!stopped) {
      await deliver(kind);
      await delay(kind === 'limited' ? pause.limited : pause.other + drawn(20));
    }
  }
  const calls = kinds.map(call);

  return {
    attempts,
    accepted,
    enter(name) {
      phase = name;
    },
    async stop() {
      stopped = true;
      await Promise.all(calls);
    },
  };
}

function reasonOf(text: string): string | undefined {
  try {
    const { error } = refusalSchema.parse(JSON.parse(text));
    return 'json' in error ? error.json.data.reason : error.reason;
  } catch {
    return undefined;
  }
}
