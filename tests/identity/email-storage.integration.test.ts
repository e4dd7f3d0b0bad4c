import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createEmailSignIns } from '#server/identity/email-sign-ins.ts';
import { createKeyring } from '#server/identity/keyring.ts';
import { createSignInNotices } from '#server/identity/sign-in-notices.ts';
import type { ClaimedNotice } from '#server/mail/notices.ts';
import { createLogger } from '#server/observability/log.ts';
import type { Database } from '#server/storage/database.ts';
import { openDatabase } from '#server/storage/open-database.ts';
import { onEachEngine } from '#tests/mail/support.ts';
import { type PostgresServer, startPostgres } from '#tests/support/postgres.ts';
import { secret, siteUrl } from './instance.ts';

const ada = { address: 'ada@people.example', isAllowed: true, device: 'Firefox on Linux', returnPath: '/' };
const [one, two] = ['a'.repeat(43), 'b'.repeat(43)];

const tokenIn = ({ text }: Pick<ClaimedNotice, 'text'>) => /\?t=([\w-]{43})/.exec(text)?.[1] ?? '';
const codeIn = ({ text }: Pick<ClaimedNotice, 'text'>) =>
  (/\b\d{4} \d{4}\b/.exec(text)?.[0] ?? '').replace(' ', '');

describe('sign-ins by mail', () => {
  onEachEngine((engine) => {
    let postgres: PostgresServer | undefined;
    let db: Database;
    const dataDir = mkdtempSync(join(tmpdir(), 'typed-bff-email-'));

    beforeAll(async () => {
      if (engine === 'postgres') postgres = await startPostgres();
      const settings = { DATA_DIR: dataDir, DATABASE_URL: await postgres?.database() };
      db = await openDatabase(settings, createLogger({ level: 'silent' }));
    }, 30_000);
    afterEach(async () => {
      await db.queries.deleteFrom('email_sign_in').execute();
    });
    afterAll(async () => {
      await db.close();
      await postgres?.close();
      rmSync(dataDir, { recursive: true, force: true });
    });

    function setUp({ lease }: { lease?: number } = {}) {
      const open = () => Promise.resolve(db);
      const keyring = createKeyring([secret]);
      return {
        signIns: createEmailSignIns(open, keyring),
        notices: createSignInNotices({ open, keyring, siteUrl, ...(lease === undefined ? {} : { lease }) }),
      };
    }

    async function pass(milliseconds: number): Promise<void> {
      await db.queries
        .updateTable('email_sign_in')
        .set((eb) => ({
          created_at: eb('created_at', '-', milliseconds),
          ends_at: eb('ends_at', '-', milliseconds),
        }))
        .execute();
    }

    async function claimed(notices: { claim(): Promise<ClaimedNotice | undefined> }): Promise<ClaimedNotice> {
      const notice = await notices.claim();
      if (!notice) throw new Error('no mail is due');
      return notice;
    }

    test('each mail is claimed once, by one of many, and is over with its outcome', async () => {
      const { signIns, notices } = setUp();
      for (const name of ['ada', 'bob', 'eve']) {
        await signIns.add({ ...ada, address: `${name}@people.example` }, one);
      }
      await signIns.add({ ...ada, address: 'mallory@elsewhere.example', isAllowed: false }, one);
      const claims = await Promise.all(Array.from({ length: 8 }, () => notices.claim()));
      const mails = claims.filter((mail) => mail !== undefined);
      expect(mails.map(({ to }) => to).toSorted()).toEqual([
        'ada@people.example',
        'bob@people.example',
        'eve@people.example',
      ]);
      for (const { id, token } of mails) {
        expect(await notices.complete(id, 'another token')).toBe(false);
        expect(await notices.complete(id, token)).toBe(true);
        expect(await notices.complete(id, token)).toBe(false);
      }
      expect(await notices.claim()).toBeUndefined();
      const sealed = await db.queries.selectFrom('email_sign_in').select('token_sealed').execute();
      expect(sealed.filter((row) => row.token_sealed !== null)).toEqual([]);
    });

    test('a mail whose claim ends without an outcome is claimed again, identical', async () => {
      const { signIns, notices } = setUp({ lease: 0 });
      await signIns.add(ada, one);
      const first = await claimed(notices);
      const second = await claimed(notices);
      expect(second).toMatchObject({ attempt: 2, crashedClaims: 1 });
      expect(second.text).toBe(first.text);
      expect(second.messageId).toBe(first.messageId);
      expect(await notices.complete(first.id, first.token)).toBe(false);
    });

    test('a mail is tried again when its delay is over, and only then', async () => {
      const { signIns, notices } = setUp();
      await signIns.add(ada, one);
      const { id, token } = await claimed(notices);
      await notices.retryLater(id, token, { delay: 60_000, lastError: null, countAttempt: true });
      expect(await notices.claim()).toBeUndefined();
    });

    test('an attempt that the mail is not the cause of does not count', async () => {
      const { signIns, notices } = setUp();
      await signIns.add(ada, one);
      const { id, token } = await claimed(notices);
      await notices.retryLater(id, token, { delay: 0, lastError: null, countAttempt: false });
      expect(await claimed(notices)).toMatchObject({ attempt: 1, crashedClaims: 0 });
    });

    test('a mail that waits for its next attempt is expired as soon as its link has ended', async () => {
      const { signIns, notices } = setUp();
      await signIns.add(ada, one);
      const { id, token } = await claimed(notices);
      await notices.retryLater(id, token, { delay: 3_600_000, lastError: null, countAttempt: true });
      await pass(15 * 60_000);
      const expired = await claimed(notices);
      expect(expired.isExpired).toBe(true);
      await notices.markDead(expired.id, expired.token, 'expired');
      expect(await notices.claim()).toBeUndefined();
      await signIns.sweep();
    });

    test('of confirmations at the same moment one succeeds, by link or code', async () => {
      const { signIns, notices } = setUp();
      await signIns.add(ada, one);
      const mail = await claimed(notices);
      const taken = await Promise.all(
        Array.from({ length: 4 }, (_, index) =>
          index % 2 === 0 ? signIns.takeByToken(tokenIn(mail), one) : signIns.takeByCode(codeIn(mail), one),
        ),
      );
      expect(taken.filter((each) => each !== undefined)).toEqual([
        expect.objectContaining({ address: ada.address, returnPath: '/' }),
      ]);
    });

    test('of codes at the same moment five are compared', async () => {
      const { signIns } = setUp();
      await signIns.add({ ...ada, isAllowed: false }, one);
      const tries = await Promise.all(Array.from({ length: 9 }, () => signIns.takeByCode('00000000', one)));
      expect(tries.filter((each) => each === 'wrong_code').length).toBeLessThanOrEqual(5);
      expect(await signIns.takeByCode('00000000', one)).toBeUndefined();
      expect(await signIns.pending(one)).toBeUndefined();
    });

    test('a sign-in belongs to one browser, and to its newest mail to an address', async () => {
      const { signIns, notices } = setUp();
      await signIns.add(ada, one);
      const first = await claimed(notices);
      expect(await signIns.find(tokenIn(first), one)).toEqual({ isOwn: true, links: false });
      expect(await signIns.find(tokenIn(first), two)).toEqual({ isOwn: false, links: false });
      expect(await signIns.takeByToken(tokenIn(first), two)).toBeUndefined();
      await signIns.add(ada, two);
      const others = await claimed(notices);
      expect(await signIns.find(tokenIn(first), one)).toEqual({ isOwn: true, links: false });
      await signIns.add(ada, one);
      expect(await signIns.find(tokenIn(first), one)).toBeUndefined();
      expect(await signIns.takeByToken(tokenIn(first), one)).toBeUndefined();
      expect(await signIns.pending(one)).toMatchObject({ address: ada.address, triesLeft: 5 });
      const second = await claimed(notices);
      expect(await signIns.takeByToken(tokenIn(second), one)).toMatchObject({ address: ada.address });
      expect(await signIns.takeByToken(tokenIn(others), two)).toMatchObject({ address: ada.address });
    });

    test('a mail that adds an address keeps the session in which it was asked for', async () => {
      const { signIns, notices } = setUp();
      const linkTo = { id: 'session', userId: 'user' };
      await signIns.add({ ...ada, linkTo }, one);
      const mail = await claimed(notices);
      expect(mail.subject).toMatch(/^Add this address/);
      expect(await signIns.find(tokenIn(mail), two)).toEqual({ isOwn: false, links: true });
      expect(await signIns.pending(one)).toMatchObject({ links: true });
      expect(await signIns.takeByCode(codeIn(mail), one)).toMatchObject({ address: ada.address, linkTo });
    });

    test('a stored mail can be read until its link is used', async () => {
      const { signIns, notices } = setUp();
      await signIns.add(ada, one);
      const mail = await claimed(notices);
      await notices.store(mail.id, 'the message');
      await notices.complete(mail.id, mail.token);
      const token = tokenIn(mail);
      expect(await notices.stored()).toMatchObject([
        { to: ada.address, raw: 'the message', link: `${siteUrl}/auth/email?t=${token}` },
      ]);
      const rows = JSON.stringify(await db.queries.selectFrom('email_sign_in').selectAll().execute());
      expect(rows).not.toContain(token);
      expect(rows).not.toContain('people.example');
      await signIns.takeByToken(token, one);
      expect(await notices.stored()).toEqual([]);
    });

    test('a sealed token is of no use to an instance without the secret: its mail is expired', async () => {
      const { signIns } = setUp();
      await signIns.add(ada, one);
      const keyring = createKeyring(['another secret, of thirty-two characters']);
      const others = createSignInNotices({ open: () => Promise.resolve(db), keyring, siteUrl });
      expect(await others.claim()).toMatchObject({ isExpired: true, to: '' });
    });

    test('sign-ins that are over are deleted', async () => {
      const { signIns } = setUp();
      await signIns.add(ada, one);
      await pass(15 * 60_000);
      await signIns.add(ada, two);
      await signIns.sweep();
      expect(await db.queries.selectFrom('email_sign_in').select('id').execute()).toHaveLength(1);
    });
  });
});
