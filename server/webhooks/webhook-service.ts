import { createHash } from 'node:crypto';
import { ConfigurationError } from '../config/env.ts';
import { limits } from '../config/limits.ts';
import { AppError } from '../errors.ts';
import type { Jobs } from '../jobs/job-service.ts';
import type { Acceptance } from './acceptance.ts';
import type { Webhook } from './define-webhook.ts';
import { type Delivery, toDelivery } from './delivery.ts';

/** Secrets by the name of the webhook, the newest first. */
type Secrets = ReadonlyMap<string, readonly string[]>;

type Receipt = {
  outcome: Acceptance;
  /** The response to the sender, as JSON. */
  response: Readonly<Record<string, unknown>>;
};

export type Webhooks = {
  /** Returns a webhook, or undefined if there is none or it has no secret. */
  find(name: string): Webhook | undefined;
  /**
   * Verifies a delivery and stores it; resolves once it is durable. A delivery that is sent again is stored once.
   *
   * @throws AppError `unauthorized`, `invalid_input` if the body is not JSON, `payload_too_large` or `storage_unavailable`
   */
  accept(webhook: Webhook, request: Pick<Delivery, 'headers' | 'body' | 'now'>): Promise<Receipt>;
};

export type WebhooksOptions = {
  webhooks: readonly Webhook[];
  secrets: Secrets;
  jobs: Pick<Jobs, 'enqueue'>;
};

/** @throws ConfigurationError if a secret cannot be used */
export function createWebhooks({ webhooks, secrets, jobs }: WebhooksOptions): Webhooks {
  checkSecrets(webhooks, secrets);
  const byName = new Map(webhooks.filter(({ name }) => secrets.has(name)).map((each) => [each.name, each]));
  return {
    find: (name) => byName.get(name),
    async accept(webhook, request) {
      const delivery = toDelivery({ ...request, secrets: secrets.get(webhook.name) ?? [] });
      const { id, type, response } = await webhook.scheme.verify(delivery);
      if (response) return { outcome: 'ignored', response };
      const payload = delivery.json();
      if (!webhook.handles(type)) return { outcome: 'ignored', response: { accepted: false } };
      requireStorable(payload);
      const key = keyOf(id, request.body);
      const stored = { id: key, type: type?.slice(0, limits.webhook.typeLength) ?? null, payload };
      const { duplicate } = await jobs.enqueue(webhook.job, stored, { key });
      return { outcome: duplicate ? 'duplicate' : 'accepted', response: { accepted: true } };
    },
  };
}

/**
 * Returns the webhooks without a secret, and the names of secrets without a webhook.
 *
 * @throws ConfigurationError if a secret cannot be used. It does not contain the secret
 */
export function checkSecrets(
  webhooks: readonly Pick<Webhook, 'name' | 'scheme'>[],
  secrets: Secrets,
): { withoutSecret: string[]; unknown: string[] } {
  for (const { name, scheme } of webhooks) {
    for (const secret of secrets.get(name) ?? []) {
      const problem = scheme.problemOf?.(secret);
      if (problem) throw new ConfigurationError(`WEBHOOK_SECRETS: the secret of ${name} must ${problem}.`);
    }
  }
  const names = webhooks.map(({ name }) => name);
  return {
    withoutSecret: names.filter((name) => !secrets.has(name)),
    unknown: [...secrets.keys()].filter((name) => !names.includes(name)),
  };
}

/** Returns the key of a delivery's job: its id, if it can be stored and shown, otherwise a digest. */
function keyOf(id: string | undefined, body: Uint8Array): string {
  if (id && /^[!-~]+$/.test(id) && id.length <= limits.jobs.keyLength) return id;
  // An empty id is none: deliveries with different bodies must not be one.
  return `sha256:${createHash('sha256')
    .update(id || body)
    .digest('hex')}`;
}

/**
 * JSON that was parsed can be longer than it was: `1e20` becomes 100000000000000000000.
 *
 * @throws AppError `payload_too_large`
 */
function requireStorable(payload: unknown): void {
  if (JSON.stringify(payload).length <= limits.jobs.inputLength - limits.webhook.storedWith) return;
  throw new AppError('payload_too_large', { message: 'The payload is too large to be stored.' });
}
