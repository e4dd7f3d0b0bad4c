import { describe, expect, test } from 'vitest';
import { AppError } from '#server/errors.ts';
import type { ClaimedMail } from '#server/mail/claims.ts';
import { DeliveryError } from '#server/mail/delivery-error.ts';
import { withAcceptSpan, withMailTrace, withSmtpSpan } from '#server/mail/trace.ts';
import { currentTrace, parseTraceparent } from '#server/observability/trace-context.ts';
import { tracing } from '#server/observability/tracing/span.ts';
import { recordSpans } from '#tests/support/fake-tracer.ts';

const spans = recordSpans();

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const mail: ClaimedMail = {
  id: 'mail-1',
  messageId: '<mail-1@site.example>',
  email: 'ada@visitor.example',
  name: null,
  subject: null,
  contents: 'Hello',
  acceptedAt: new Date(0),
  age: 0,
  attempt: 3,
  crashedClaims: 0,
  token: 'token',
  traceparent,
};

describe('the acceptance of a mail', () => {
  test('is a span with the id of the mail', async () => {
    const receipt = { id: 'mail-1', messageId: '<m>', status: 'queued' as const, duplicate: true };
    expect(await withAcceptSpan(async () => receipt)).toBe(receipt);
    expect(spans).toMatchObject([
      {
        name: 'mail accept',
        kind: 'producer',
        attributes: { 'bff.mail_id': 'mail-1', 'bff.mail_duplicate': true },
        failed: undefined,
        ends: 1,
      },
    ]);
  });

  test('works without tracing', async () => {
    tracing.tracer = undefined;
    const receipt = { id: 'mail-1', messageId: '<m>', status: 'queued' as const, duplicate: false };
    expect(await withAcceptSpan(async () => receipt)).toBe(receipt);
  });

  test.each([
    [new AppError('mail_unavailable'), 'mail_unavailable'],
    [new TypeError('x is not a function'), 'internal'],
  ])('that fails with %o has failed as %s', async (error, type) => {
    await expect(withAcceptSpan(() => Promise.reject(error))).rejects.toBe(error);
    expect(spans).toMatchObject([{ failed: type, ends: 1 }]);
  });
});

describe('an attempt to deliver a mail', () => {
  test('is a span in the trace that the mail was accepted in', async () => {
    let seen: string | undefined;
    const other = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), isSampled: true };
    await currentTrace.run(other, () =>
      withMailTrace(mail, async () => {
        seen = currentTrace.getStore()?.spanId;
      }),
    );
    expect(spans).toMatchObject([
      {
        name: 'mail deliver',
        kind: 'consumer',
        parent: parseTraceparent(traceparent),
        attributes: { 'bff.mail_id': 'mail-1', 'bff.attempt': 3 },
        ends: 1,
      },
    ]);
    expect(seen).toBe(spans[0]?.spanId);
  });

  test('ends its span when it fails', async () => {
    const failing = withMailTrace(mail, () => Promise.reject(new Error('storage')));
    await expect(failing).rejects.toThrow('storage');
    expect(spans).toMatchObject([{ ends: 1 }]);
  });

  test('runs in the trace of the mail when nothing is traced, and in none without one', async () => {
    tracing.tracer = undefined;
    const seen: unknown[] = [];
    const attempt = async () => void seen.push(currentTrace.getStore()?.traceId);
    await withMailTrace(mail, attempt);
    await withMailTrace({ ...mail, traceparent: null }, attempt);
    expect(seen).toEqual(['0af7651916cd43dd8448eb211c80319c', undefined]);
    expect(spans).toEqual([]);
  });
});

describe('a session with the mail server', () => {
  test.each([
    ['smtp://user:secret@mail.example:2525', 2525],
    ['smtp://mail.example', 587],
    ['smtps://mail.example', 465],
    ['smtps://mail.example:2465', 2465],
  ])('at %s is a span with the port %d and without the password', async (url, port) => {
    await withSmtpSpan(url, async () => undefined);
    expect(spans).toMatchObject([{ name: 'SMTP send', kind: 'client', failed: undefined, ends: 1 }]);
    expect(spans[0]?.attributes).toEqual({ 'server.address': 'mail.example', 'server.port': port });
  });

  test.each([
    [new DeliveryError('transient', 'RCPT TO 451'), 'transient'],
    [new TypeError('x is not a function'), 'internal'],
  ])('that fails with %o has failed as %s', async (error, type) => {
    const failing = withSmtpSpan('smtp://mail.example', () => Promise.reject(error));
    await expect(failing).rejects.toBe(error);
    expect(spans).toMatchObject([{ failed: type, ends: 1 }]);
  });
});
