import { z } from 'zod';
import { limits } from '../../config/limits.ts';
import { AppError } from '../../errors.ts';
import { emailAddress } from '../../lib/email-address.ts';
import { unknownField } from '../../lib/field-errors.ts';
import { cleanContents, cleanLine } from '../../mail/clean-text.ts';
import { deliveryVersion } from '../../mail/mail-service.ts';
import type { Delivery, Receipt } from '../../mail/outbox.ts';
import { hasManyLinks, senderKeyOf, suspicionOf } from '../../mail/screening.ts';
import { mailStatuses } from '../../mail/tables.ts';
import { networkOf } from '../../principal.ts';
import { enforceQuota } from '../../rate-limit/enforce.ts';
import type { Context } from '../context.ts';
import { publicProcedure, router } from '../init.ts';
import { changesOf, streamOptions } from '../stream-changes.ts';
import { streamOf } from '../stream-of.ts';

const { contentsLength, nameLength, subjectLength, idempotencyKeyLength } = limits.mail;

const tooManyLinks = `Please use at most ${limits.mail.linksInContents} links`;

const sendInput = z
  .strictObject({
    email: emailAddress('Please enter an email address like name@example.org').describe(
      "The sender's address, used as Reply-To. As in HTML forms, the domain may have any letters",
    ),
    contents: z
      .string()
      // Forms send CR LF and JSON clients LF: without this, the idempotency check would see two different messages.
      // PostgreSQL rejects NUL.
      .overwrite(cleanContents)
      .trim()
      .min(1, 'Please enter a message')
      .max(contentsLength, `At most ${contentsLength} characters`)
      .describe('Plain text'),
    name: z.string().overwrite(cleanLine).max(nameLength).optional().describe("The sender's name"),
    subject: z.string().overwrite(cleanLine).max(subjectLength).optional(),
    idempotencyKey: z
      .string()
      .min(8)
      .max(idempotencyKeyLength)
      .regex(/^[\w.~-]+$/, 'Only letters, digits and . _ ~ - are allowed')
      .optional()
      .describe('Calls with the same key send only one mail. The header Idempotency-Key is accepted, too'),
    leaveEmpty: z
      .string()
      .max(500)
      .optional()
      .describe('Hidden field of the contact form. Leave it out: a mail with it is held for the operator'),
    shownAt: z
      .union([
        z.int(),
        z
          .string()
          .regex(/^\d{1,15}$/)
          .transform(Number),
      ])
      .optional()
      .describe(
        'Time at which the contact form was shown, in milliseconds since 1970: a mail from a form that was filled in within two seconds is held for the operator',
      ),
    // Open pages of version 0.1 send it empty.
    website: z.literal('', unknownField).optional().describe('Deprecated, leave it out'),
  })
  .meta({ examples: [{ email: 'visitor@example.org', contents: 'Hello!', subject: 'A question' }] });

const mailStatus = z.enum(mailStatuses);

const statusInput = z
  .strictObject({ id: z.string().max(64).describe('The id that email.send returned') })
  .meta({ examples: [{ id: '0199b0c2-5d3c-7e6f-8f3a-2f6f0d9b7c11' }] });

const delivery = z.object({
  id: z.string(),
  status: mailStatus,
  attempts: z.int().min(0),
  acceptedAt: z.date(),
  sentAt: z.date().nullable(),
});

/** @throws AppError `invalid_input`, `rate_limited`, `idempotency_conflict` or `mail_unavailable` */
async function sendMail(ctx: Context, input: z.output<typeof sendInput>): Promise<Receipt> {
  const { mail } = ctx.services;
  const { leaveEmpty, shownAt, website: _, ...draft } = input;
  if (hasManyLinks(draft.contents)) {
    ctx.services.metrics.mailEvent('refused');
    throw new AppError('invalid_input', { fieldErrors: { contents: [tooManyLinks] } });
  }
  const idempotencyKey = keyOf(draft.idempotencyKey, ctx.header('idempotency-key'));
  // Only visitors use the form. Programs with a key fill in fields as they like, and fast.
  const suspicion = ctx.principal.kind === 'visitor' ? suspicionOf({ leaveEmpty, shownAt }) : undefined;
  if (ctx.principal.kind !== 'internal') {
    await enforceQuota(ctx.services, 'mailSender', senderKeyOf(draft.email));
    if (ctx.principal.kind === 'visitor') await enforceNetworkQuotas(ctx.services, ctx.principal.key);
    await enforceQuota(ctx.services, suspicion ? 'mailSuspected' : 'mailSite', 'all');
  }
  return mail.send({ ...draft, idempotencyKey, suspicion });
}

/**
 * Charges one mail to the IPv6 networks of a visitor. The smaller one comes first, so that a subscriber who has used up
 * the quota of a /56 does not use up that of the /48.
 *
 * @throws AppError `rate_limited`
 */
async function enforceNetworkQuotas(services: Context['services'], clientAddress: string): Promise<void> {
  const [subnet, network] = [networkOf(clientAddress, 56), networkOf(clientAddress, 48)];
  if (subnet !== undefined) await enforceQuota(services, 'mailSubnet', subnet);
  if (network !== undefined) await enforceQuota(services, 'mailNetwork', network);
}

/**
 * Returns the idempotency key from the input or the header.
 *
 * @throws AppError `invalid_input` if the header is invalid or differs from the input
 */
function keyOf(given: string | undefined, header: string | null): string | undefined {
  if (header === null || header === given) return given;
  const parsed = sendInput.shape.idempotencyKey.safeParse(header);
  if (given === undefined && parsed.success) return parsed.data;
  throw new AppError('invalid_input', {
    fieldErrors: { idempotencyKey: ['The header Idempotency-Key is invalid or differs from the input'] },
  });
}

export const email = router({
  send: publicProcedure({
    summary: "Sends a mail to the site's owner",
    description:
      'Sends a message to the address that the operator configured. Neither the recipient nor the envelope can be chosen. The call returns once the message is stored durably, before it is delivered. Accepts JSON, or a multipart form with the same fields. Files are not accepted.',
    sensitive: true,
    rateLimit: 'mail',
    form: true,
    formFields: ['leaveEmpty', 'shownAt', 'website'],
    errors: ['idempotency_conflict', 'mail_unavailable'],
  })
    .input(sendInput)
    .output(
      z.object({
        id: z.string(),
        messageId: z.string().describe("The mail's Message-ID header"),
        status: mailStatus,
        duplicate: z.boolean().describe('True if the idempotency key was already used for this message'),
      }),
    )
    .mutation(({ ctx, input }) => sendMail(ctx, input)),

  status: publicProcedure({
    summary: 'Returns the delivery status of a mail',
    description:
      'The status of a mail that email.send accepted, never its contents. `queued`, `sending`: delivery is in progress; `sent`: the mail server accepted it; `dead`: delivery was given up; `held`: delivery starts once the operator has configured a mail server, or has released a mail that seemed to come from a bot.',
    sensitive: false,
    rateLimit: 'light',
    errors: ['not_found', 'mail_unavailable'],
  })
    .input(statusInput)
    .output(delivery)
    .query(({ ctx, input }) => ctx.services.mail.status(input.id)),

  watch: publicProcedure({
    summary: 'Streams the delivery status of a mail',
    description:
      'Sends the status of a mail, as email.status returns it, and each change of it. Ends once the mail was sent or given up.',
    sensitive: false,
    rateLimit: 'light',
    errors: ['not_found', 'mail_unavailable'],
  })
    .input(statusInput)
    .output(streamOf(delivery))
    .subscription(async function* ({ ctx, input, signal }) {
      const { mail } = ctx.services;
      await mail.status(input.id);
      yield* changesOf(untilFinal(mail.watch(input.id, streamOptions(ctx, signal))), {
        ctx,
        versionOf: deliveryVersion,
      });
    }),
});

/** Ends with the state after which none follows, or when the mail is deleted. */
async function* untilFinal(states: AsyncIterable<Delivery | undefined>): AsyncGenerator<Delivery> {
  for await (const state of states) {
    if (!state) return;
    yield state;
    if (state.status === 'sent' || state.status === 'dead') return;
  }
}
