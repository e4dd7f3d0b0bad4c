import { createTransport } from 'nodemailer';
import type { ClaimedMail } from './claims.ts';
import { classifySmtpError, DeliveryError } from './delivery-error.ts';
import type { Inbox } from './inbox.ts';
import { type Addresses, renderMessage } from './message.ts';
import { type MailTiming, mailTiming } from './timing.ts';
import { inSmtpSpan } from './trace.ts';

export type Transport = {
  kind: 'smtp' | 'inbox';
  /**
   * Resolves when the message was taken.
   *
   * @throws DeliveryError when it was not, also when `signal` ended the attempt
   */
  send(mail: ClaimedMail, signal?: AbortSignal): Promise<void>;
};

export type SmtpTransportOptions = {
  /** smtp:// or smtps:// with user and password where needed */
  url: string;
  addresses: Addresses;
  timing?: Pick<MailTiming, 'connectionTimeout' | 'socketTimeout' | 'attemptDeadline'>;
};

/** Sends over SMTP: one connection and one try for each call. The retries are the dispatcher's. */
export function smtpTransport({ url, addresses, timing = mailTiming }: SmtpTransportOptions): Transport {
  /** Message-IDs of the calls whose session is open and has gone on to the mail. */
  const begun = new Set<string>();
  const smtp = createTransport({
    url,
    // A connection that breaks is the same error at every stage; only nodemailer's log tells how far it had come.
    logger: {
      info(entry: { tnx?: unknown; messageId?: unknown }) {
        if (entry.tnx === 'send' && typeof entry.messageId === 'string') begun.add(entry.messageId);
      },
    },
    dnsTimeout: timing.connectionTimeout,
    connectionTimeout: timing.connectionTimeout,
    greetingTimeout: timing.connectionTimeout,
    socketTimeout: timing.socketTimeout,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    kind: 'smtp',
    async send(mail, signal) {
      const deadline = AbortSignal.timeout(timing.attemptDeadline);
      const message = renderMessage(mail, addresses);
      message.signal = signal ? AbortSignal.any([signal, deadline]) : deadline;
      try {
        await inSmtpSpan(url, async () => {
          try {
            await smtp.sendMail(message);
          } catch (error) {
            throw classifySmtpError(error, { begun: begun.has(mail.messageId) });
          }
        });
      } finally {
        begun.delete(mail.messageId);
      }
    },
  };
}

export type InboxTransportOptions = { addresses: Addresses; deliver: Inbox['deliver'] };

/** Keeps the message that SMTP would have carried, byte for byte, in the inbox. */
export function inboxTransport({ addresses, deliver }: InboxTransportOptions): Transport {
  const mime = createTransport({
    streamTransport: true,
    buffer: true,
    newline: 'windows',
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    kind: 'inbox',
    async send(mail) {
      const { message } = await mime.sendMail(renderMessage(mail, addresses));
      if (!Buffer.isBuffer(message)) throw new DeliveryError('permanent', 'not rendered');
      await deliver(mail.id, message.toString('utf8'));
    },
  };
}
