import { isAppError } from '../errors.ts';
import { currentTrace, parseTraceparent } from '../observability/trace-context.ts';
import { tracing, withSpan } from '../observability/tracing/span.ts';
import type { ClaimedMail } from './claims.ts';
import { DeliveryError } from './delivery-error.ts';
import type { Receipt } from './outbox.ts';

/** A mail is stored: what the trace has of it until somebody delivers it. */
export function inAcceptSpan(accept: () => Promise<Receipt>): Promise<Receipt> {
  const failureOf = (error: unknown) => (isAppError(error) ? error.reason : 'internal');
  return withSpan('mail accept', { kind: 'producer', failureOf }, async (span) => {
    const receipt = await accept();
    span?.set({ 'bff.mail_id': receipt.id, 'bff.mail_duplicate': receipt.duplicate });
    return receipt;
  });
}

/**
 * One attempt to deliver, in the trace that the mail was accepted in, and in no other: what woke the dispatcher may have
 * been the request of another mail. Where nothing is traced, the lines of the log still carry that trace's id.
 */
export async function inTraceOf(mail: ClaimedMail, attempt: () => Promise<void>): Promise<void> {
  const parent = parseTraceparent(mail.traceparent);
  const span = tracing.tracer?.start('mail deliver', {
    kind: 'consumer',
    parent,
    attributes: { 'bff.mail_id': mail.id, 'bff.attempt': mail.attempt },
  });
  try {
    await currentTrace.run(span ?? parent, attempt);
  } finally {
    span?.end();
  }
}

/** @param url its user and password stay here */
export function inSmtpSpan(url: string, send: () => Promise<void>): Promise<void> {
  const { hostname, port, protocol } = new URL(url);
  const attributes = {
    'server.address': hostname,
    'server.port': Number(port) || (protocol === 'smtps:' ? 465 : 587),
  };
  const failureOf = (error: unknown) => (error instanceof DeliveryError ? error.kind : 'internal');
  return withSpan('SMTP send', { kind: 'client', attributes, failureOf }, send);
}
