import { isRecord } from '../lib/is-record.ts';

/**
 * transport_down: no mail can be sent now, regardless of its contents; permanent: the server will never accept this
 * mail; transient: the server may accept it later.
 */
export type DeliveryFailure = 'transport_down' | 'permanent' | 'transient';

/** The transport did not accept a mail. */
export class DeliveryError extends Error {
  override readonly name = 'DeliveryError';
  readonly kind: DeliveryFailure;
  /** Command and codes, such as `RCPT TO 550 5.1.1 EENVELOPE`; never the server's text, which contains addresses. */
  readonly summary: string;

  constructor(kind: DeliveryFailure, summary: string) {
    super(`${kind}: ${summary}`);
    this.kind = kind;
    this.summary = summary;
  }
}

/**
 * Replies to a session that is not authorized to send (RFC 4954, 5.7.x): the credentials are wrong or missing,
 * regardless of the command. If these counted as permanent, a mistake in SMTP_URL would mark every mail dead.
 */
const authenticationReplies = new Set([530, 534, 535, 538]);

/** Commands before MAIL FROM: the server has not seen a mail yet. */
const sessionCommand = /^(AUTH|STARTTLS|EHLO|HELO|LHLO)\b/;

/** Matches a connection that broke or timed out at any stage, and an attempt aborted by this process. */
const isBroken = ({ command, code }: { command: string; code: string }) =>
  command === 'CONN' || code === 'EABORT';

/**
 * Classifies an error thrown by nodemailer. The command takes precedence over the code: a 554 greeting or a 535 is a
 * 5xx reply, but says nothing about the mail. A connection that breaks after the server has seen the mail may be caused
 * by the mail, so it counts as an attempt: a mail that always makes the server hang up would otherwise be retried for
 * ever.
 *
 * @param mailStarted true if the session was open and had started on the mail
 */
export function classifySmtpError(error: unknown, { mailStarted }: { mailStarted: boolean }): DeliveryError {
  const fields = smtpFields(error);
  const { command, code, responseCode, response } = fields;
  const enhanced = /^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})\b/.exec(response)?.[1];
  const summary = [command, responseCode, enhanced, code].filter(Boolean).join(' ') || 'unknown';

  if (isBroken(fields)) return new DeliveryError(mailStarted ? 'transient' : 'transport_down', summary);
  if (sessionCommand.test(command) || code === 'EAUTH') return new DeliveryError('transport_down', summary);
  if (authenticationReplies.has(responseCode)) return new DeliveryError('transport_down', summary);
  // 503 means a wrong order of commands, a fault of the session: a new session may succeed.
  if (responseCode >= 500 && responseCode < 600 && responseCode !== 503) {
    return new DeliveryError('permanent', summary);
  }
  return new DeliveryError('transient', summary);
}

function smtpFields(error: unknown): {
  command: string;
  code: string;
  responseCode: number;
  response: string;
} {
  const fields = isRecord(error) ? error : {};
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  const { responseCode } = fields;
  return {
    command: text(fields.command),
    code: text(fields.code),
    responseCode: typeof responseCode === 'number' ? responseCode : 0,
    response: text(fields.response),
  };
}
