import { beforeEach, describe, expect, test, vi } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { AppError } from '#server/errors.ts';
import { senderKeyOf } from '#server/mail/screening.ts';
import type { Principal } from '#server/principal.ts';
import { services } from '#server/services.ts';
import { createInnerContext } from '#server/trpc/context.ts';
import { createCallerFactory, toAppError } from '#server/trpc/init.ts';
import { appRouter } from '#server/trpc/router.ts';
import { withServices } from '#tests/http/support/in-process.ts';

withServices();

const createCaller = createCallerFactory(appRouter);
const visitor: Principal = { kind: 'visitor', key: '192.0.2.1' };
const operator: Principal = { kind: 'service', name: 'operator', scopes: ['mail'] };
const receipt = {
  id: 'mail-1',
  messageId: '<mail-1@site.example>',
  status: 'queued',
  duplicate: false,
} as const;
const draft = { email: 'ada@visitor.example', contents: 'Hello' };

const send = vi.fn(async (_draft: unknown) => receipt);
const chargeQuota = vi.fn(async (_name: string, _bucket: string) => undefined);
const mailEvent = vi.fn();
const rateLimited = vi.fn();
beforeEach(() => {
  for (const mock of [send, chargeQuota, mailEvent, rateLimited]) mock.mockClear();
});

function apiOf(principal: Principal, headers: Record<string, string> = {}) {
  const { mail, metrics, rateLimiter, ...others } = services();
  return createCaller(
    createInnerContext({
      services: {
        ...others,
        mail: { ...mail, send },
        metrics: { ...metrics, mailEvent, rateLimited },
        rateLimiter: { ...rateLimiter, chargeQuota },
      },
      principal,
      header: (name) => headers[name] ?? null,
    }),
  );
}

const reasonOf = async (call: Promise<unknown>) =>
  call.then(
    () => 'ok',
    (error: unknown) => toAppError(error).reason,
  );

describe('email.send', () => {
  test.each<[string, Principal, string[]]>([
    ['a visitor', visitor, ['mailSender', 'mailSite']],
    [
      'a visitor with an IPv6 address',
      { kind: 'visitor', key: '2001:db8:1234:5678::/64' },
      ['mailSender', 'mailSubnet', 'mailNetwork', 'mailSite'],
    ],
    ['a service', operator, ['mailSender', 'mailSite']],
    ['this process', { kind: 'internal' }, []],
  ])('by %s is charged to its quotas in their order', async (_, principal, quotas) => {
    await apiOf(principal).email.send(draft);
    expect(chargeQuota.mock.calls.map(([name]) => name)).toEqual(quotas);
  });

  test('is charged to the address of the sender, its networks and the site', async () => {
    await apiOf({ kind: 'visitor', key: '2001:db8:1234:5678::/64' }).email.send(draft);
    expect(chargeQuota.mock.calls).toEqual([
      ['mailSender', senderKeyOf(draft.email)],
      ['mailSubnet', '2001:db8:1234:5600::/56'],
      ['mailNetwork', '2001:db8:1234::/48'],
      ['mailSite', 'all'],
    ]);
  });

  test.each(['mailSender', 'mailSite'])(
    'over the quota %s is rejected and counted, and charged no further',
    async (name) => {
      chargeQuota.mockImplementation(async (charged) => {
        if (charged === name) throw new AppError('rate_limited', { retryAfterSeconds: 42 });
        return undefined;
      });
      expect(await reasonOf(apiOf(visitor).email.send(draft))).toBe('rate_limited');
      expect(chargeQuota.mock.lastCall?.[0]).toBe(name);
      expect(rateLimited.mock.calls).toEqual([[name]]);
      expect(send).not.toHaveBeenCalled();
      chargeQuota.mockImplementation(async () => undefined);
    },
  );

  const fromBot = { ...draft, leaveEmpty: 'https://spam.example' };

  test('that seems to come from a bot is charged to the quota of bots, and kept as suspected', async () => {
    await apiOf(visitor).email.send(fromBot);
    expect(chargeQuota.mock.calls.map(([name]) => name)).toEqual(['mailSender', 'mailSuspected']);
    expect(send.mock.calls).toEqual([[{ ...draft, idempotencyKey: undefined, suspicion: 'hidden_field' }]]);
  });

  test('by a program with a key is not suspected', async () => {
    await apiOf(operator).email.send(fromBot);
    expect(chargeQuota.mock.calls.map(([name]) => name)).toEqual(['mailSender', 'mailSite']);
    expect(send.mock.calls).toMatchObject([[{ suspicion: undefined }]]);
  });

  test('with too many links is refused and counted, and charged to no quota', async () => {
    const contents = 'http://a.example '.repeat(limits.mail.linksInContents + 1);
    const error = await apiOf(visitor)
      .email.send({ ...draft, contents })
      .catch(toAppError);
    expect(error).toMatchObject({
      reason: 'invalid_input',
      fieldErrors: { contents: ['Please use at most 3 links'] },
    });
    expect(mailEvent.mock.calls).toEqual([['refused']]);
    expect(chargeQuota).not.toHaveBeenCalled();
  });

  describe('with an idempotency key', () => {
    const sent = async (input: string | undefined, header: string | undefined) => {
      const api = apiOf(visitor, header === undefined ? {} : { 'idempotency-key': header });
      const reason = await reasonOf(
        api.email.send({ ...draft, ...(input === undefined ? {} : { idempotencyKey: input }) }),
      );
      return reason === 'ok' ? Object(send.mock.lastCall?.[0]).idempotencyKey : reason;
    };

    test.each([
      ['key-of-input', undefined, 'key-of-input'],
      [undefined, 'key-of-header', 'key-of-header'],
      ['key-of-both', 'key-of-both', 'key-of-both'],
      [undefined, undefined, undefined],
      ['key-of-input', 'key-of-header', 'invalid_input'],
      [undefined, 'short', 'invalid_input'],
      [undefined, 'with blanks', 'invalid_input'],
      ['short', undefined, 'invalid_input'],
    ])('%s as the input and %s as the header has the key %s', async (input, header, expected) => {
      expect(await sent(input, header)).toBe(expected);
    });

    test.each([
      [7, 'invalid_input'],
      [8, 'k'.repeat(8)],
      [128, 'k'.repeat(128)],
      [129, 'invalid_input'],
    ])('of %d characters', async (length, expected) => {
      expect(await sent('k'.repeat(length), undefined)).toBe(expected);
      expect(await sent(undefined, 'k'.repeat(length))).toBe(expected);
    });
  });

  test.each([
    ['name', 100],
    ['subject', 150],
    ['leaveEmpty', 500],
  ])('accepts a %s of %d characters and no more', async (field, length) => {
    const api = apiOf(visitor);
    expect(await reasonOf(api.email.send({ ...draft, [field]: 'x'.repeat(length) }))).toBe('ok');
    expect(await reasonOf(api.email.send({ ...draft, [field]: 'x'.repeat(length + 1) }))).toBe(
      'invalid_input',
    );
  });
});

describe('the operator', () => {
  const calls = {
    get: () => apiOf(operator).mail.get({ id: 'none' }),
    requeue: () => apiOf(operator).mail.requeue({ id: 'none' }),
    discard: () => apiOf(operator).mail.discard({ id: 'none' }),
  };
  test.each(['get', 'requeue', 'discard'] as const)(
    'gets not_found from %s for a mail that does not exist',
    async (name) => {
      await expect(calls[name]()).rejects.toMatchObject({
        code: 'NOT_FOUND',
        message: 'There is no such mail.',
      });
    },
  );

  test('lists, reads, queues and discards a mail', async () => {
    const { id } = await services().mail.send(draft);
    const api = apiOf(operator);
    expect(await api.mail.list({})).toMatchObject({ mails: [{ id }], counts: { dead: 0, suspected: 0 } });
    expect(await api.mail.list({ status: 'dead' })).toMatchObject({ mails: [] });
    expect(await api.mail.get({ id })).toMatchObject({ id, contents: 'Hello' });
    expect(await api.mail.requeue({ id })).toEqual({ requeued: true });
    expect(await api.mail.discard({ id })).toEqual({ discarded: true });
  });

  test('lists 50 mails by default, and at most the limit', async () => {
    const list = vi.spyOn(services().mail.operations, 'list');
    await apiOf(operator).mail.list({});
    await apiOf(operator).mail.list({ limit: limits.mail.listed });
    expect(list.mock.calls.map(([options]) => options.limit)).toEqual([50, limits.mail.listed]);
    list.mockRestore();
    for (const limit of [0, limits.mail.listed + 1, 1.5]) {
      expect(await reasonOf(apiOf(operator).mail.list({ limit }))).toBe('invalid_input');
    }
  });

  test.each<[Principal, string]>([
    [visitor, 'unauthorized'],
    [{ kind: 'service', name: 'other', scopes: ['metrics'] }, 'forbidden'],
  ])('needs a key with the scope: %j is %s', async (principal, reason) => {
    const { mail } = apiOf(principal);
    const rejected = [
      mail.list({}),
      mail.get({ id: 'a' }),
      mail.requeue({ id: 'a' }),
      mail.discard({ id: 'a' }),
    ];
    expect(await Promise.all(rejected.map(reasonOf))).toEqual(Array(4).fill(reason));
  });
});
