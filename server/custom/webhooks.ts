import type { Webhook } from '../webhooks/define-webhook.ts';

/** Your own incoming webhooks. Releases of the product do not change this file. docs/webhooks.md has an example. */
export const customWebhooks: readonly Webhook[] = [];
