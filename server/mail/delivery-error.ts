/**
 * transport_down: no mail would get through now, this one is not to blame; permanent: the server will never
 * take this mail; transient: it may take it later.
 */
export type DeliveryFailure = 'transport_down' | 'permanent' | 'transient';

/** A mail that the transport did not take. */
export class DeliveryError extends Error {
  override readonly name = 'DeliveryError';
  readonly kind: DeliveryFailure;
  /** Command and codes, such as `RCPT TO 550 5.1.1 EENVELOPE`; never the server's words, which hold addresses. */
  readonly summary: string;

  constructor(kind: DeliveryFailure, summary: string) {
    super(`${kind}: ${summary}`);
    this.kind = kind;
    this.summary = summary;
  }
}

/**
 * Replies to a session that may not send yet (RFC 4954, 5.7.x): the credentials are wrong or missing, whatever
 * command brought it up. Read as permanent, a mistake in SMTP_URL would kill every mail.
 */
const authenticationReplies = new Set([530, 534, 535, 538]);

/** Commands before MAIL FROM: the server does not know of any mail yet. */
const sessionCommand = /^(AUTH|STARTTLS|EHLO|HELO|LHLO)\b/;

/** How nodemailer calls a connection that broke or fell silent at any stage, and an attempt that was ended from here. */
const isBroken = ({ command, code }: { command: string; code: string }) =>
  command === 'CONN' || code === 'EABORT';

/**
 * Classifies what nodemailer threw. The command comes before the code: a 554 greeting or a 535 is a 5xx, and still
 * says nothing about the mail. A connection that breaks once the server knows of the mail may be the mail's doing,
 * so it counts as an attempt: one that a server always hangs up on would otherwise be tried for ever.
 *
 * @param begun whether the session was open and had gone on to the mail
 */
export function classifySmtpError(error: unknown, { begun }: { begun: boolean }): DeliveryError {
  const fields = smtpFields(error);
  const { command, code, responseCode, response } = fields;
  const enhanced = /^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})\b/.exec(response)?.[1];
  const summary = [command, responseCode, enhanced, code].filter(Boolean).join(' ') || 'unknown';

  if (isBroken(fields)) return new DeliveryError(begun ? 'transient' : 'transport_down', summary);
  if (sessionCommand.test(command) || code === 'EAUTH') return new DeliveryError('transport_down', summary);
  if (authenticationReplies.has(responseCode)) return new DeliveryError('transport_down', summary);
  // 503 is about the order of commands, so it is the session's fault: a new one may go through.
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
  const read = (key: string): unknown => (error instanceof Error ? Reflect.get(error, key) : undefined);
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  const responseCode = read('responseCode');
  return {
    command: text(read('command')),
    code: text(read('code')),
    responseCode: typeof responseCode === 'number' ? responseCode : 0,
    response: text(read('response')),
  };
}
