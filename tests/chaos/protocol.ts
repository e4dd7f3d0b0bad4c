import { z } from 'zod';

/** Settings of a worker, passed as JSON in its first argument. */
export const workerSettingsSchema = z.object({
  env: z.object({
    DATA_DIR: z.string(),
    DATABASE_URL: z.string().optional(),
    SMTP_URL: z.string(),
    SITE_URL: z.string(),
    MAIL_TO: z.string(),
    MAIL_FROM: z.string(),
  }),
  /** Milliseconds. All other times are those of the product. */
  timing: z.object({
    pollInterval: z.number(),
    socketTimeout: z.number(),
    backoffBase: z.number(),
    backoffCap: z.number(),
  }),
});
export type WorkerSettings = z.infer<typeof workerSettingsSchema>;

/** A mail that the worker has to accept: one line of JSON on its standard input. */
export const mailRequestSchema = z.object({
  idempotencyKey: z.string(),
  email: z.string(),
  subject: z.string(),
  contents: z.string(),
});
export type MailRequest = z.infer<typeof mailRequestSchema>;

/** A message of a worker: one line of JSON on its standard output. */
export const workerLineSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready') }),
  z.object({ kind: z.literal('accepted'), key: z.string(), id: z.string(), messageId: z.string() }),
  z.object({ kind: z.literal('rejected'), key: z.string(), reason: z.string() }),
]);
export type WorkerLine = z.infer<typeof workerLineSchema>;
