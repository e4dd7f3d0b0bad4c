import { randomUUID } from 'node:crypto';
import { Webhook as Signer } from 'standardwebhooks';
import { parseEnv } from '#server/config/env.ts';
import { limits } from '#server/config/limits.ts';
import { toResponse } from '#server/http/response.ts';
import type { RouteHandler } from '#server/http/route-handlers.ts';
import type { Jobs } from '#server/jobs/job-service.ts';
import { createConcurrencyLimit } from '#server/lib/concurrency.ts';
import { createLogger } from '#server/observability/log.ts';
import { createRateLimiter } from '#server/rate-limit/rate-limiter.ts';
import { respondToWebhook } from '#server/routes/webhooks.ts';
import type { Database } from '#server/storage/database.ts';
import type { Webhook } from '#server/webhooks/define-webhook.ts';
import { createWebhooks } from '#server/webhooks/webhook-service.ts';
import { testJobs } from '#tests/jobs/support.ts';

/** A secret of Standard Webhooks. */
export const testSecret = `whsec_${Buffer.from('a key of tests, 32 bytes long...').toString('base64')}`;

type SigningOptions = { id?: string; at?: Date; secret?: string };

/** Returns the headers of a body that is signed as Standard Webhooks demand, by their own library. */
export function standardHeaders(body: string, options: SigningOptions = {}): Record<string, string> {
  const { id = `msg_${randomUUID()}`, at = new Date(), secret = testSecret } = options;
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': new Signer(secret).sign(id, at, body),
  };
}

export type ReceiverOptions = {
  webhooks: readonly Webhook[];
  jobs: Pick<Jobs, 'enqueue'>;
  /** By the name of the webhook. Default: `testSecret` for each. */
  secrets?: Record<string, readonly string[]>;
  /** Settings. */
  variables?: Record<string, string>;
};

/** The route of webhooks, with webhooks of a test. `outcomes` has `name outcome` for each delivery. */
export function testReceiver({ webhooks, jobs, secrets, variables = {} }: ReceiverOptions): {
  handler: RouteHandler;
  outcomes: string[];
  lines: Record<string, unknown>[];
} {
  const outcomes: string[] = [];
  const lines: Record<string, unknown>[] = [];
  const env = parseEnv({ SITE_URL: 'https://bff.example.org', ...variables });
  const services = {
    env,
    log: createLogger({ level: 'info', destination: { write: (line) => lines.push(JSON.parse(line)) } }),
    metrics: {
      requestEnded: () => undefined,
      rateLimited: () => undefined,
      webhookEnded: (webhook: string, outcome: string) => void outcomes.push(`${webhook} ${outcome}`),
    },
    rateLimiter: createRateLimiter({ rateLimits: env.RATE_LIMITS }),
    shares: { deliveries: createConcurrencyLimit(limits.webhook.concurrent) },
    webhooks: createWebhooks({
      webhooks,
      jobs,
      secrets: new Map(
        Object.entries(secrets ?? Object.fromEntries(webhooks.map(({ name }) => [name, [testSecret]]))),
      ),
    }),
  };
  return { handler: (request) => respondToWebhook(request, services), outcomes, lines };
}

/** Sends a delivery to the route. */
export async function send(
  handler: RouteHandler,
  name: string,
  init: { body?: BodyInit | null; headers?: HeadersInit; method?: string },
): Promise<Response> {
  const request = new Request(`https://bff.example.org/api/webhooks/${name}`, { method: 'POST', ...init });
  return toResponse(await handler(request));
}

/**
 * Creates the route and the jobs of webhooks, which must be of Standard Webhooks or have a secret. `deliver` sends a signed
 * payload. `jobs.start()` makes the webhooks handle it.
 */
export function testWebhooks(
  db: Database,
  webhooks: readonly Webhook[],
  options: Omit<Partial<ReceiverOptions>, 'webhooks'> = {},
) {
  const { jobs, events } = testJobs(
    db,
    webhooks.map(({ job }) => job),
  );
  const { handler, outcomes } = testReceiver({ webhooks, jobs, ...options });
  function deliver(name: string, payload: unknown, signing: SigningOptions = {}): Promise<Response> {
    const body = JSON.stringify(payload);
    return send(handler, name, { body, headers: standardHeaders(body, signing) });
  }
  return { jobs, events, handler, outcomes, deliver };
}
