import { isAppError } from '../errors.ts';
import { currentTrace, parseTraceparent } from '../observability/trace-context.ts';
import { tracing, withSpan } from '../observability/tracing/span.ts';
import type { ClaimedDelivery } from './claims.ts';
import { DeliveryError } from './delivery-error.ts';
import type { Receipt } from './outbox.ts';

/** Records the acceptance of a mail as a span. Its delivery, possibly by another process, continues the trace. */
export function withAcceptSpan(accept: () => Promise<Receipt>): Promise<Receipt> {
  const failureOf = (error: unknown) => (isAppError(error) ? error.reason : 'internal');
  return withSpan('mail accept', { kind: 'producer', failureOf }, async (span) => {
    const receipt = await accept();
    span?.set({ 'bff.mail_id': receipt.id, 'bff.mail_duplicate': receipt.duplicate });
    return receipt;
  });
}

/**
 * Runs one delivery attempt in the trace that the mail was accepted in, never in the current one: the request that woke
 * the dispatcher may have sent another mail. Without a tracer, log lines still contain that trace's id.
 */
export async function withMailTrace(mail: ClaimedDelivery, attempt: () => Promise<void>): Promise<void> {
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

/** @param url its user name and password are not recorded */
export function withSmtpSpan(url: string, send: () => Promise<void>): Promise<void> {
  const { hostname, port, protocol } = new URL(url);
  const attributes = {
    'server.address': hostname,
    'server.port': Number(port) || (protocol === 'smtps:' ? 465 : 587),
  };
  const failureOf = (error: unknown) => (error instanceof DeliveryError ? error.kind : 'internal');
  return withSpan('SMTP send', { kind: 'client', attributes, failureOf }, send);
}
