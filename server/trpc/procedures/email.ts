import { z } from 'zod';
import { limits } from '../../config/limits.ts';
import { AppError } from '../../errors.ts';
import { cleanContents, cleanLine } from '../../mail/clean-text.ts';
import { mailStatuses } from '../../mail/database.ts';
import type { Receipt } from '../../mail/outbox.ts';
import { hasManyLinks, isFilledByProgram, senderKeyOf } from '../../mail/screening.ts';
import type { Context } from '../context.ts';
import { publicProcedure, router } from '../init.ts';

const { addressLength, localPartLength, contentsLength, nameLength, subjectLength, idempotencyKeyLength } =
  limits.mail;

const noSuchAddress = 'Please give an email address like name@example.org';

const tooManyLinks = `Please write without links, or with at most ${limits.mail.linksInContents}`;

const sendInput = z
  .object({
    email: z
      .email({ error: noSuchAddress, abort: true })
      .max(addressLength)
      .refine((address) => address.lastIndexOf('@') <= localPartLength, noSuchAddress)
      .describe("The sender's address; answers go there (Reply-To)"),
    contents: z
      .string()
      // A form sends CR LF where JSON has LF; one message must be one, however it came. PostgreSQL takes no NUL.
      .overwrite(cleanContents)
      .trim()
      .min(1, 'Please write something')
      .max(contentsLength, `At most ${contentsLength} characters`)
      .describe('Plain text'),
    name: z.string().overwrite(cleanLine).max(nameLength).optional().describe("The sender's name"),
    subject: z.string().overwrite(cleanLine).max(subjectLength).optional(),
    idempotencyKey: z
      .string()
      .min(8)
      .max(idempotencyKeyLength)
      .regex(/^[\w.~-]+$/, 'Letters, digits and . _ ~ - only')
      .optional()
      .describe('Sending twice with one key makes one mail. Also taken from the header Idempotency-Key'),
    website: z.string().max(500).optional().describe('Leave this out: what fills it in is no person'),
    shownAt: z
      .union([
        z.int(),
        z
          .string()
          .regex(/^\d{1,15}$/)
          .transform(Number),
      ])
      .optional()
      .describe('When the form was shown, in milliseconds since 1970: a form filled in at once is dropped'),
  })
  .meta({ examples: [{ email: 'visitor@example.org', contents: 'Hello!', subject: 'A question' }] });

const mailStatus = z.enum(mailStatuses);

/** @throws AppError invalid_input, rate_limited, idempotency_conflict or mail_unavailable */
async function sendMail(ctx: Context, input: z.output<typeof sendInput>): Promise<Receipt> {
  const { mail, rateLimiter } = ctx.services;
  const { website, shownAt, ...draft } = input;
  if (isFilledByProgram({ website, shownAt })) return mail.fakeReceipt();
  if (hasManyLinks(draft.contents)) {
    ctx.services.metrics.mailEvent('refused');
    throw new AppError('invalid_input', { fieldErrors: { contents: [tooManyLinks] } });
  }
  const idempotencyKey = keyOf(draft.idempotencyKey, ctx.header('idempotency-key'));
  if (ctx.principal.kind !== 'internal') {
    await rateLimiter.chargeQuota('mailSender', senderKeyOf(draft.email));
    await rateLimiter.chargeQuota('mailSite', 'all');
  }
  return mail.send({ ...draft, ...(idempotencyKey === undefined ? {} : { idempotencyKey }) });
}

/** @throws AppError invalid_input */
function keyOf(given: string | undefined, header: string | null): string | undefined {
  if (header === null || header === given) return given;
  const parsed = sendInput.shape.idempotencyKey.safeParse(header);
  if (given === undefined && parsed.success) return parsed.data;
  throw new AppError('invalid_input', {
    fieldErrors: { idempotencyKey: ['The header Idempotency-Key cannot be used, or says something else'] },
  });
}

export const email = router({
  send: publicProcedure({
    summary: "Sends a mail to the site's owner",
    description:
      'Accepts a message for the address that the operator configured; neither recipient nor envelope can be chosen. The answer comes once the message is stored durably, before it is delivered. Takes JSON, or a multipart form with the same fields.',
    sensitive: true,
    rateLimit: 'mail',
    form: true,
    errors: ['idempotency_conflict', 'mail_unavailable'],
  })
    .input(sendInput)
    .output(
      z.object({
        id: z.string(),
        messageId: z.string().describe("The mail's Message-ID header"),
        status: mailStatus,
        duplicate: z
          .boolean()
          .describe('True when the idempotency key had been used for this message before'),
      }),
    )
    .mutation(({ ctx, input }) => sendMail(ctx, input)),

  status: publicProcedure({
    summary: 'Tells how far a mail has come',
    description:
      'The state of a mail that email.send accepted, never its contents. `queued` and `sending` will go on by themselves; `sent`: the mail server took it; `dead`: given up; `held`: waits until a mail server is configured.',
    sensitive: false,
    rateLimit: 'light',
    errors: ['not_found', 'mail_unavailable'],
  })
    .input(
      z
        .object({ id: z.string().max(64).describe('From email.send') })
        .meta({ examples: [{ id: '0199b0c2-5d3c-7e6f-8f3a-2f6f0d9b7c11' }] }),
    )
    .output(
      z.object({
        id: z.string(),
        status: mailStatus,
        attempts: z.int().min(0),
        acceptedAt: z.date(),
        sentAt: z.date().nullable(),
      }),
    )
    .query(({ ctx, input }) => ctx.services.mail.status(input.id)),
});
