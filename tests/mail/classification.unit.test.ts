import { describe, expect, it } from 'vitest';
import { classifySmtpError } from '#server/mail/delivery-error.ts';
import { backoff } from '#server/queue/backoff.ts';

describe('classification of SMTP errors', () => {
  it.each([
    [{ command: 'AUTH PLAIN', code: 'EAUTH', responseCode: 535 }, 'transport_down', 'AUTH PLAIN 535 EAUTH'],
    [{ command: 'API', code: 'EAUTH' }, 'transport_down', 'API EAUTH'],
    [{ command: 'STARTTLS', code: 'ETLS', responseCode: 454 }, 'transport_down', 'STARTTLS 454 ETLS'],
    [{ command: 'EHLO', responseCode: 550 }, 'transport_down', 'EHLO 550'],
    [{ command: 'MAIL FROM', responseCode: 530 }, 'transport_down', 'MAIL FROM 530'],
    [
      { command: 'RCPT TO', responseCode: 550, response: '550 5.1.1 <owner@site.example> unknown' },
      'permanent',
      'RCPT TO 550 5.1.1',
    ],
    [{ command: 'MAIL FROM', responseCode: 534 }, 'transport_down', 'MAIL FROM 534'],
    [{ command: 'RCPT TO', responseCode: 535 }, 'transport_down', 'RCPT TO 535'],
    [{ command: 'DATA', responseCode: 538 }, 'transport_down', 'DATA 538'],
    [{ command: 'HELO', responseCode: 550 }, 'transport_down', 'HELO 550'],
    [{ command: 'LHLO', responseCode: 550 }, 'transport_down', 'LHLO 550'],
    [{ command: 'DATA', responseCode: 554 }, 'permanent', 'DATA 554'],
    [{ command: 'DATA', responseCode: 499 }, 'transient', 'DATA 499'],
    [{ command: 'DATA', responseCode: 500 }, 'permanent', 'DATA 500'],
    [{ command: 'DATA', responseCode: 599 }, 'permanent', 'DATA 599'],
    [{ command: 'DATA', responseCode: 600 }, 'transient', 'DATA 600'],
    // Only the beginning of a command or a reply counts, and only fields of the right type.
    [{ command: 'RCPT AUTH', responseCode: 550 }, 'permanent', 'RCPT AUTH 550'],
    [{ command: 'EHLOX', responseCode: 550 }, 'permanent', 'EHLOX 550'],
    [{ command: 'DATA', responseCode: 550, response: '550-5.7.1 no' }, 'permanent', 'DATA 550 5.7.1'],
    [{ command: 'DATA', responseCode: 550, response: '550 5.123.456 no' }, 'permanent', 'DATA 550 5.123.456'],
    [{ command: 'DATA', responseCode: 550, response: 'see 550 5.7.1' }, 'permanent', 'DATA 550'],
    [{ command: 'DATA', responseCode: 550, response: '550 5.7.1x' }, 'permanent', 'DATA 550'],
    [{ command: 7, code: {}, responseCode: '550', response: null }, 'transient', 'unknown'],
    [{ command: 'MAIL FROM', responseCode: 503 }, 'transient', 'MAIL FROM 503'],
    [{ command: 'RCPT TO', responseCode: 451 }, 'transient', 'RCPT TO 451'],
    [{}, 'transient', 'unknown'],
  ])('%o is classified as %s', (fields, kind, summary) => {
    const error = classifySmtpError(Object.assign(new Error('to <owner@site.example>'), fields), {
      mailStarted: true,
    });
    expect(error).toMatchObject({ kind, summary });
    expect(error.message).not.toContain('@');
  });

  it.each([
    [{ command: 'CONN', code: 'ESOCKET' }, 'CONN ESOCKET'],
    [{ command: 'CONN', code: 'EPROTOCOL', responseCode: 554 }, 'CONN 554 EPROTOCOL'],
    [{ code: 'EABORT' }, 'EABORT'],
  ])('%o means transport_down before the mail has started, and a failed attempt after', (fields, summary) => {
    const error = Object.assign(new Error('closed'), fields);
    expect(classifySmtpError(error, { mailStarted: false })).toMatchObject({
      kind: 'transport_down',
      summary,
    });
    expect(classifySmtpError(error, { mailStarted: true })).toMatchObject({ kind: 'transient', summary });
  });

  it('classifies a thrown value that is not an Error', () => {
    expect(classifySmtpError('broken', { mailStarted: false })).toMatchObject({
      kind: 'transient',
      summary: 'unknown',
    });
  });
});

describe('backoff', () => {
  const timing = { backoffBase: 5_000, backoffFactor: 3, backoffCap: 900_000 };

  it('grows by the factor up to the cap', () => {
    const ceilings = [1, 2, 3, 6, 1000].map((failures) => backoff(failures, timing, () => 0.999_999_99));
    expect(ceilings).toEqual([5_000, 15_000, 45_000, 900_000, 900_000]);
  });

  it('has full jitter and is never zero', () => {
    expect(backoff(1, timing, () => 0)).toBe(1);
    expect(backoff(2, timing, () => 0.5)).toBe(7_500);
  });
});
