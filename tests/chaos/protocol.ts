import { z } from 'zod';

/** What a worker is started with. */
export const workerSettingsSchema = z.object({
  env: z.object({
    DATA_DIR: z.string(),
    DATABASE_URL: z.string().optional(),
    SMTP_URL: z.string(),
    SITE_URL: z.string(),
    MAIL_TO: z.string(),
    MAIL_FROM: z.string(),
  }),
  /** Milliseconds. The rest is as in the product. */
  timing: z.object({
    pollInterval: z.number(),
    socketTimeout: z.number(),
    backoffBase: z.number(),
    backoffCap: z.number(),
  }),
});
export type WorkerSettings = z.infer<typeof workerSettingsSchema>;

/** A mail to take. */
export const orderSchema = z.object({
  idempotencyKey: z.string(),
  email: z.string(),
  subject: z.string(),
  contents: z.string(),
});
export type Order = z.infer<typeof orderSchema>;

/** What a worker says, a line each. */
export const workerLineSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready') }),
  z.object({ kind: z.literal('accepted'), key: z.string(), id: z.string(), messageId: z.string() }),
  z.object({ kind: z.literal('refused'), key: z.string(), reason: z.string() }),
]);
export type WorkerLine = z.infer<typeof workerLineSchema>;
