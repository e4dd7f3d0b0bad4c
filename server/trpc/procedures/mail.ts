import { z } from 'zod';
import { limits } from '../../config/limits.ts';
import { AppError } from '../../errors.ts';
import { suspicions } from '../../mail/screening.ts';
import { mailStates } from '../../mail/tables.ts';
import { router, serviceProcedure } from '../init.ts';

const mailState = z.enum(mailStates);
const example = { id: '0199b0c2-5d3c-7e6f-8f3a-2f6f0d9b7c11' };
const byId = z.strictObject({ id: z.string().max(64) }).meta({ examples: [example] });

const summary = z.object({
  id: z.string(),
  status: mailState.describe('`suspected`: seems to come from a bot and waits for your decision'),
  suspicion: z
    .enum(suspicions)
    .nullable()
    .describe(
      '`hidden_field`: a field that people do not see was filled in; `filled_too_fast`: within two seconds',
    ),
  attempts: z.int().min(0),
  acceptedAt: z.date(),
  nextAttemptAt: z.date().nullable().describe('Null unless another attempt is scheduled'),
  sentAt: z.date().nullable(),
  lastError: z.string().nullable().describe('Error of the last attempt: SMTP command and codes'),
});

const operatorMeta = {
  sensitive: true,
  rateLimit: 'light',
  scope: 'mail',
  errors: ['mail_unavailable'],
} as const;
const singleMailMeta = { ...operatorMeta, errors: ['not_found', 'mail_unavailable'] } as const;

/** The outbox, for operators. */
export const mail = router({
  list: serviceProcedure({
    ...operatorMeta,
    summary: 'Lists the mails of the outbox, newest first',
    description:
      'Returns states, attempts and errors, never contents or addresses. Requires a service key with the scope `mail`.',
  })
    .input(
      z
        .strictObject({
          status: mailState.optional().describe('Only mails in this state'),
          limit: z.int().min(1).max(limits.mail.listed).default(50),
        })
        .meta({ examples: [{ status: 'dead' }] }),
    )
    .output(z.object({ mails: z.array(summary), counts: z.record(mailState, z.int()) }))
    .query(async ({ ctx, input }) => {
      const { operations } = ctx.services.mail;
      const [mails, counts] = await Promise.all([operations.list(input), operations.counts()]);
      return { mails, counts };
    }),

  get: serviceProcedure({
    ...singleMailMeta,
    summary: 'Returns a mail of the outbox',
    description:
      'Returns the mail with its contents and the sender. Fails with `not_found` if there is no such mail. Requires a service key with the scope `mail`.',
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
    ...singleMailMeta,
    summary: 'Queues a mail again',
    description:
      'Queues a dead, held, waiting or suspected mail as if it had just been accepted. Fails with `not_found` for any other mail. Requires a service key with the scope `mail`.',
  })
    .input(byId)
    .output(z.object({ requeued: z.literal(true) }))
    .mutation(async ({ ctx, input }) => {
      found((await ctx.services.mail.operations.requeue(input.id)) || undefined);
      return { requeued: true as const };
    }),

  discard: serviceProcedure({
    ...singleMailMeta,
    summary: 'Deletes a mail permanently',
    description:
      'Deletes the mail and its idempotency key. Fails with `not_found` if there is no such mail or if it is being sent. Requires a service key with the scope `mail`.',
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
