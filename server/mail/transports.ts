import { createTransport, type SendMailOptions } from 'nodemailer';
import type { ClaimedMail } from './claims.ts';
import { classifySmtpError, DeliveryError } from './delivery-error.ts';
import type { Inbox } from './inbox.ts';
import { type Addresses, renderMessage, renderNotice } from './message.ts';
import type { ClaimedNotice, NoticeQueue } from './notices.ts';
import { type MailTiming, mailTiming } from './timing.ts';
import { withSmtpSpan } from './trace.ts';

export type Transport = {
  kind: 'smtp' | 'inbox';
  /**
   * Resolves once the message has been accepted.
   *
   * @throws DeliveryError if it was not accepted, including when `signal` aborted the attempt
   */
  send(mail: ClaimedMail | ClaimedNotice, signal?: AbortSignal): Promise<void>;
};

function render(mail: ClaimedMail | ClaimedNotice, addresses: Addresses): SendMailOptions {
  return 'to' in mail ? renderNotice(mail, addresses) : renderMessage(mail, addresses);
}

export type SmtpTransportOptions = {
  /** smtp:// or smtps:// with user and password where needed */
  url: string;
  addresses: Addresses;
  timing?: Pick<MailTiming, 'connectionTimeout' | 'socketTimeout' | 'attemptDeadline'>;
};

/** Sends over SMTP: one connection and one attempt per call. The dispatcher retries. */
export function smtpTransport({ url, addresses, timing = mailTiming }: SmtpTransportOptions): Transport {
  /** Message-IDs of running calls whose session is open and has started on the mail. */
  const started = new Set<string>();
  const smtp = createTransport({
    url,
    // A broken connection is the same error at every stage; only nodemailer's log shows which stage it had reached.
    logger: {
      info(entry: { tnx?: unknown; messageId?: unknown }) {
        if (entry.tnx === 'send' && typeof entry.messageId === 'string') started.add(entry.messageId);
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
      const message = render(mail, addresses);
      message.signal = signal ? AbortSignal.any([signal, deadline]) : deadline;
      try {
        await withSmtpSpan(url, async () => {
          try {
            await smtp.sendMail(message);
          } catch (error) {
            throw classifySmtpError(error, { mailStarted: started.has(mail.messageId) });
          }
        });
      } finally {
        started.delete(mail.messageId);
      }
    },
  };
}

export type InboxTransportOptions = {
  addresses: Addresses;
  deliver: Inbox['deliver'];
  storeNotice?: NoticeQueue['store'] | undefined;
};

/** Stores in the inbox the exact bytes that SMTP would have carried. */
export function inboxTransport({ addresses, deliver, storeNotice }: InboxTransportOptions): Transport {
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
      const { message } = await mime.sendMail(render(mail, addresses));
      if (!Buffer.isBuffer(message)) throw new DeliveryError('permanent', 'not rendered');
      const store = 'to' in mail ? storeNotice : deliver;
      await store?.(mail.id, message.toString('utf8'));
    },
  };
}
