import { beforeAll, describe, expect, test, vi } from 'vitest';
import { toResponse } from '#server/http/response.ts';
import { handleInbox } from '#server/routes/inbox.ts';
import { services } from '#server/services.ts';
import { withServices } from '#tests/http/support/in-process.ts';

withServices();
// Opening takes longer than a call waits for it, if the machine is busy.
beforeAll(() => vi.waitFor(async () => void (await services().database.open()), 10_000));

const get = async (query = '', init: RequestInit = {}) =>
  toResponse(await handleInbox(new Request(`http://localhost:3000/api/inbox${query}`, init)));
const mailsOf = async (query: string) => (await (await get(query)).json()).mails;

/** Sends a mail and waits until it is in the inbox. */
async function send(subject: string, contents = 'Hello'): Promise<string> {
  const { mail } = services();
  mail.start();
  const { id } = await mail.send({ email: 'ada@visitor.example', name: 'Ada', subject, contents });
  await vi.waitFor(async () => expect(await mail.inbox?.get(id)).toBeDefined(), 10_000);
  return id;
}

describe('/api/inbox', () => {
  test('has the newest mail first, with its parts, and does not mark it as read', async () => {
    const [first, second] = [await send('First'), await send('Second', 'One & two')];
    const response = await get();
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const { mails } = await response.json();
    expect(mails.map(({ id }: { id: string }) => id)).toEqual([second, first]);
    expect(mails[0]).toEqual({
      id: second,
      receivedAt: expect.stringMatching(/^\d{4}-.+Z$/),
      isRead: false,
      from: 'Ada <ada@visitor.example>',
      to: services().env.MAIL_TO,
      subject: 'Second',
      link: null,
      text: 'One & two',
      html: expect.stringContaining('One &amp; two'),
      headers: expect.arrayContaining([{ name: 'Subject', value: 'Second' }]),
      raw: expect.stringContaining('One & two'),
    });
    expect(await mailsOf('?limit=1')).toMatchObject([{ id: second, isRead: false }]);
  });

  test('is filtered by id, address, subject and words', async () => {
    const id = await send('A needle', 'in the haystack');
    for (const query of [
      'subject=NEEDLE',
      'q=haystack+ada',
      `id=${id}`,
      'from=ada@visitor.example&q=needle',
    ]) {
      expect(await mailsOf(`?${query}`)).toMatchObject([{ id }]);
    }
    for (const query of ['to=nobody@visitor.example', 'id=unknown', 'subject=nail']) {
      expect(await mailsOf(`?${query}`)).toEqual([]);
    }
  });

  test.each([
    ['?limit=0', 'limit'],
    ['?limit=51', 'limit'],
    ['?limit=many', 'limit'],
    ['?to=a&to=b', 'to'],
    [`?q=${'x'.repeat(501)}`, 'q'],
    ['?subjet=a', 'subjet'],
  ])('rejects the query %s and names %s', async (query, name) => {
    const response = await get(query);
    expect(response.status).toBe(400);
    expect(JSON.stringify(await response.json())).toContain(name);
  });

  test('is read-only, and pages of other sites cannot read it', async () => {
    expect((await get('', { method: 'DELETE' })).status).toBe(405);
    const foreign = await get('', { headers: { origin: 'https://evil.example' } });
    expect(foreign.status).toBe(403);
  });

  test('does not exist where mails are sent', async () => {
    const { inbox } = services().mail;
    services().mail.inbox = null;
    try {
      expect((await get()).status).toBe(404);
    } finally {
      services().mail.inbox = inbox;
    }
  });
});
