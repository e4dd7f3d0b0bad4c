import { z } from 'zod';
import { limits } from '../../config/limits.ts';
import { AppError } from '../../errors.ts';
import { mailStatuses } from '../../mail/database.ts';
import { router, serviceProcedure } from '../init.ts';

const mailStatus = z.enum(mailStatuses);
const example = { id: '0199b0c2-5d3c-7e6f-8f3a-2f6f0d9b7c11' };
const byId = z.object({ id: z.string().max(64) }).meta({ examples: [example] });

const summary = z.object({
  id: z.string(),
  status: mailStatus,
  attempts: z.int().min(0),
  acceptedAt: z.date(),
  nextAttemptAt: z.date().nullable().describe('Of a mail that waits'),
  sentAt: z.date().nullable(),
  lastError: z.string().nullable().describe('Why the last attempt failed: command and codes'),
});

const forOperators = {
  sensitive: true,
  rateLimit: 'light',
  scope: 'mail',
  errors: ['mail_unavailable'],
} as const;
const forOne = { ...forOperators, errors: ['not_found', 'mail_unavailable'] } as const;

/** The outbox, for whoever operates it. */
export const mail = router({
  list: serviceProcedure({
    ...forOperators,
    summary: 'Lists mails of the outbox, newest first',
    description:
      'States, attempts and errors, never contents or addresses. For service keys with the scope `mail`.',
  })
    .input(
      z
        .object({
          status: mailStatus.optional().describe('Only those in this state'),
          limit: z.int().min(1).max(limits.mail.listed).default(50),
        })
        .meta({ examples: [{ status: 'dead' }] }),
    )
    .output(z.object({ mails: z.array(summary), counts: z.record(mailStatus, z.int()) }))
    .query(async ({ ctx, input }) => {
      const { operations } = ctx.services.mail;
      const [mails, counts] = await Promise.all([operations.list(input), operations.counts()]);
      return { mails, counts };
    }),

  get: serviceProcedure({
    ...forOne,
    summary: 'Shows one mail of the outbox',
    description:
      'The mail with what its sender wrote. For service keys with the scope `mail`; `not_found` when there is none.',
  })
    .input(byId)
    .output(
      summary.extend({
        messageId: z.string(),
        email: z.string(),
        name: z.string().nullable(),
        subject: z.string().nullable(),
        contents: z.string(),
      }),
    )
    .query(async ({ ctx, input }) => found(await ctx.services.mail.operations.get(input.id))),

  requeue: serviceProcedure({
    ...forOne,
    summary: 'Tries a mail again from the start',
    description:
      'A dead, held or waiting mail is queued as if it had just been accepted. `not_found` for any other. For service keys with the scope `mail`.',
  })
    .input(byId)
    .output(z.object({ requeued: z.literal(true) }))
    .mutation(async ({ ctx, input }) => {
      found((await ctx.services.mail.operations.requeue(input.id)) || undefined);
      return { requeued: true as const };
    }),

  discard: serviceProcedure({
    ...forOne,
    summary: 'Deletes a mail for good',
    description:
      'The mail and its idempotency key are deleted, unless it is just being sent: then, and when there is none, `not_found`. For service keys with the scope `mail`.',
  })
    .input(byId)
    .output(z.object({ discarded: z.literal(true) }))
    .mutation(async ({ ctx, input }) => {
      found((await ctx.services.mail.operations.discard(input.id)) || undefined);
      return { discarded: true as const };
    }),
});

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new AppError('not_found', { message: 'There is no such mail.' });
  return value;
}
