import { z } from 'zod';
import { limits } from '../config/limits.ts';
import { defineJob, type Job, type JobContext, type JobOptions } from '../jobs/define-job.ts';
import { JobError } from '../jobs/job-error.ts';
import { describeIssues } from '../upstream-client/schema-issues.ts';
import type { Scheme, VerifyDelivery } from './delivery.ts';
import { github } from './schemes/github.ts';
import { slack } from './schemes/slack.ts';
import { standardWebhooks } from './schemes/standard-webhooks.ts';
import { stripe } from './schemes/stripe.ts';

const schemes = { 'standard-webhooks': standardWebhooks, github, stripe, slack } satisfies Record<
  string,
  Scheme
>;
type SchemeName = keyof typeof schemes;

export type WebhookEvent<Payload> = {
  payload: Payload;
  /** The sender's id of the delivery, or a digest of it: the same in all attempts of the sender. */
  id: string;
  /** Type of the event, if the scheme knows it. */
  type: string | undefined;
};

export type WebhookOptions<Payload> = {
  /** Lower case, with digits and hyphens: the webhook is at `/api/webhooks/<name>`. Jobs are stored with it. */
  name: string;
  /** How the sender signs: a scheme that is built in, or a function. */
  scheme: SchemeName | VerifyDelivery;
  /** Types of the events that are handled. Others are accepted and ignored. Default: all. */
  events?: readonly string[];
  /** Schema of the JSON that the sender sends. */
  input: z.ZodType<Payload>;
  /** Handles one event, in a job. It can be repeated, so it must be idempotent, unless it ends with `context.complete`. */
  handle(event: WebhookEvent<Payload>, context: JobContext): Promise<void>;
  /** Maximum size of the body, in bytes. */
  bodyBytes?: number;
} & Pick<JobOptions<unknown, unknown>, 'retry' | 'timeout'>;

/** A delivery as it is stored. */
const storedSchema = z.strictObject({ id: z.string(), type: z.string().nullable(), payload: z.unknown() });

export type Webhook = {
  name: string;
  scheme: Scheme;
  bodyBytes: number;
  /** Returns whether events of a type are handled. */
  handles(type: string | undefined): boolean;
  job: Job<z.input<typeof storedSchema>>;
};

const optionsSchema = z.object({ bodyBytes: z.int().min(1).max(limits.webhook.maxBodyBytes) });

/**
 * Declares an incoming webhook. List it in `server/custom/webhooks.ts`, and set its secret in `WEBHOOK_SECRETS`.
 *
 * @throws Error if an option is not valid
 */
export function defineWebhook<Payload>(options: WebhookOptions<Payload>): Webhook {
  const { name, scheme, events, input, retry, timeout } = options;
  const { bodyBytes } = optionsSchema.parse({ bodyBytes: options.bodyBytes ?? limits.webhook.bodyBytes });
  const handled = events && new Set(events);
  return {
    name,
    scheme: typeof scheme === 'function' ? { verify: scheme } : schemes[scheme],
    bodyBytes,
    handles: (type) => !handled || (type !== undefined && handled.has(type)),
    job: defineJob({
      name: `webhook-${name}`,
      input: storedSchema,
      ...(retry ? { retry } : {}),
      ...(timeout === undefined ? {} : { timeout }),
      async run({ id, type, payload }, context) {
        const parsed = input.safeParse(payload);
        if (!parsed.success) {
          throw new JobError('permanent', `the payload has ${describeIssues(input, parsed.error)}`);
        }
        await options.handle({ id, type: type ?? undefined, payload: parsed.data }, context);
      },
    }),
  };
}
