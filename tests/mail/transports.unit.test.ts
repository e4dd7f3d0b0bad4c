import { expect, test } from 'vitest';
import type { ClaimedMail } from '#server/mail/claims.ts';
import { smtpTransport } from '#server/mail/transports.ts';
import { addresses, draft, testSmtpServer } from './support.ts';

const mail: ClaimedMail = {
  id: '7e0b1b5c',
  messageId: '<7e0b1b5c@site.example>',
  ...draft,
  acceptedAt: new Date(0),
  age: 0,
  attempt: 1,
  crashedClaims: 0,
  token: 'token',
  traceparent: null,
};
const timing = { connectionTimeout: 10_000, socketTimeout: 10_000, attemptDeadline: 10_000 };

test('a session that breaks after it has started on a mail is a failed attempt, a later one before it is not', async () => {
  const server = await testSmtpServer({ body: (nth) => (nth === 1 ? 'drop' : undefined) });
  const transport = smtpTransport({ url: server.url, addresses, timing });
  await expect(transport.send(mail)).rejects.toMatchObject({ kind: 'transient' });
  await server.close();
  await expect(transport.send(mail)).rejects.toMatchObject({ kind: 'transport_down' });
});

test('a session for one mail says nothing about another', async () => {
  const first = Promise.withResolvers<void>();
  let greetings = 0;
  const server = await testSmtpServer({
    beforeReply: () => first.promise,
    greeting: () => (++greetings === 2 ? 'drop' : undefined),
  });
  const transport = smtpTransport({ url: server.url, addresses, timing });
  const sending = transport.send(mail);
  await expect.poll(() => server.messages.length).toBe(1);
  const other = { ...mail, id: 'other', messageId: '<other@site.example>' };
  await expect(transport.send(other)).rejects.toMatchObject({ kind: 'transport_down' });
  first.resolve();
  await sending;
});

test.each([
  ['the caller', (server: { url: string }) => ({ url: server.url, signal: AbortSignal.abort() }), timing],
  [
    'its deadline',
    ({ url }: { url: string }) => ({ url, signal: undefined }),
    { ...timing, attemptDeadline: 50 },
  ],
])('an attempt is aborted by %s', async (_, options, limits) => {
  const server = await testSmtpServer({ greeting: () => 'hang' });
  const { url, signal } = options(server);
  const transport = smtpTransport({ url, addresses, timing: limits });
  await expect(transport.send(mail, signal)).rejects.toMatchObject({
    kind: 'transport_down',
    summary: expect.stringContaining('EABORT'),
  });
});

test('a server that does not greet is given up after the connection timeout', async () => {
  const server = await testSmtpServer({ greeting: () => 'hang' });
  const transport = smtpTransport({
    url: server.url,
    addresses,
    timing: { ...timing, connectionTimeout: 50 },
  });
  await expect(transport.send(mail)).rejects.toMatchObject({ summary: expect.stringContaining('ETIMEDOUT') });
});

test('a server that falls silent is given up after the socket timeout', async () => {
  const server = await testSmtpServer({ rcpt: () => 'hang' });
  const transport = smtpTransport({ url: server.url, addresses, timing: { ...timing, socketTimeout: 50 } });
  await expect(transport.send(mail)).rejects.toMatchObject({ kind: 'transient' });
});
