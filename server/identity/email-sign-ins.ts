import { randomInt, randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { z } from 'zod';
import { limits } from '../config/limits.ts';
import { currentTrace, formatTraceparent } from '../observability/trace-context.ts';
import type { Database, Queries } from '../storage/database.ts';
import type { Keyring } from './keyring.ts';
import type { LinkingSession } from './linked-identities.ts';
import { hashOf, randomSecret } from './session-token.ts';
import { codeOf } from './sign-in-mail.ts';

const { emailLinkLifetime, emailCodeTries } = limits.identity;

/** The sign-in that a user has finished. Times are milliseconds since the epoch, by the database's clock. */
export type ConfirmedEmail = {
  address: string;
  browserHash: string;
  returnPath: string;
  confirmedAt: number;
  /** Set if the address becomes a way to sign in for the user of this session. */
  linkTo: LinkingSession | undefined;
};

/**
 * A sign-in that waits for its link or code, as the browser shows it. `links`: it adds the address to the account of a user
 * who is signed in.
 */
export type PendingEmail = { address: string; triesLeft: number; endsAt: number; links: boolean };

/** A sign-in that was asked for. */
type AskedEmail = {
  address: string;
  isAllowed: boolean;
  device: string;
  returnPath: string;
  /** The session to whose user the address is added. */
  linkTo?: LinkingSession | undefined;
};

/** Sign-ins by mail that were asked for, each bound to the browser that asked. */
export type EmailSignIns = {
  /**
   * Adds a sign-in and ends the previous ones of this browser for the address. Those of other browsers go on, so that a
   * stranger who asks for a mail does not end the sign-in of the address's owner. Its mail is due at once if the
   * address is allowed. The statements are the same for other addresses: callers cannot find out which ones are
   * allowed.
   *
   * @param browser secret that only this browser holds
   */
  add(signIn: AskedEmail, browser: string): Promise<void>;
  /** Returns whether this browser asked for the mail with a token, and undefined if the token cannot be used any more. */
  find(token: string, browser: string | undefined): Promise<{ isOwn: boolean; links: boolean } | undefined>;
  /** Returns the newest sign-in of a browser. */
  pending(browser: string): Promise<PendingEmail | undefined>;
  /** Returns and removes a sign-in that this browser asked for. @returns undefined if there is none */
  takeByToken(token: string, browser: string): Promise<ConfirmedEmail | undefined>;
  /**
   * Returns and removes the newest sign-in of a browser. The last wrong code ends it.
   *
   * @param code as `typedCodeOf` returns it
   * @returns undefined if there is none
   */
  takeByCode(code: string, browser: string): Promise<ConfirmedEmail | 'wrong_code' | undefined>;
  /** Deletes sign-ins that are over. */
  sweep(): Promise<void>;
};

const detailsSchema = z.object({
  address: z.string(),
  device: z.string(),
  linkTo: z.object({ id: z.string(), userId: z.string() }).optional(),
});

/** Seals and opens the columns of a row. A sealed text cannot be opened in another row. */
export function createSealedColumns(keyring: Pick<Keyring, 'seal' | 'open'>) {
  const placeOf = (id: string, column: 'details' | 'token' | 'message') => `email_sign_in ${column} ${id}`;
  return {
    seal: (id: string, column: 'details' | 'token' | 'message', text: string) =>
      keyring.seal(text, placeOf(id, column)),
    open: (id: string, column: 'details' | 'token' | 'message', sealed: string) =>
      keyring.open(sealed, placeOf(id, column)),
    /** @returns undefined if the secret that sealed them is no longer there */
    detailsOf({ id, details_sealed: sealed }: { id: string; details_sealed: string }) {
      const text = keyring.open(sealed, placeOf(id, 'details'));
      return text === undefined ? undefined : detailsSchema.parse(JSON.parse(text));
    },
  };
}

export function createEmailSignIns(open: () => Promise<Database>, keyring: Keyring): EmailSignIns {
  const columns = createSealedColumns(keyring);
  const codeText = (id: string, code: string) => `email_sign_in code ${id} ${code}`;

  /** The id of the newest sign-in of a browser that can still be finished. */
  const newestOf = (queries: Queries, db: Database, browser: string) =>
    queries
      .selectFrom('email_sign_in')
      .select('id')
      .where('browser_hash', '=', hashOf(browser))
      .where('ends_at', '>', db.now())
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .limit(1);

  const takenColumns = ['id', 'details_sealed', 'browser_hash', 'return_path'] as const;

  function toConfirmed(
    row:
      | {
          id: string;
          details_sealed: string;
          browser_hash: string;
          return_path: string;
          now: number;
        }
      | undefined,
  ): ConfirmedEmail | undefined {
    const details = row && columns.detailsOf(row);
    if (!details) return undefined;
    return {
      address: details.address,
      browserHash: row.browser_hash,
      returnPath: row.return_path,
      confirmedAt: Number(row.now),
      linkTo: details.linkTo,
    };
  }

  return {
    async add({ address, isAllowed, device, returnPath, linkTo }, browser) {
      const db = await open();
      const id = randomUUID();
      const token = randomSecret();
      const tokenSealed = columns.seal(id, 'token', token);
      // No mail contains this code. It must not be that of the token either.
      const code = isAllowed ? codeOf(token) : String(randomInt(1e8)).padStart(8, '0');
      const addressTag = keyring.tag(`email_sign_in address ${address}`);
      const trace = currentTrace.getStore();
      await db.write(async (queries) => {
        await queries
          .updateTable('email_sign_in')
          .set({ ends_at: db.now(), token_sealed: null, message_sealed: null })
          .where('address_tag', '=', addressTag)
          .where('browser_hash', '=', hashOf(browser))
          .where('ends_at', '>', db.now())
          .execute();
        await queries
          .insertInto('email_sign_in')
          .values({
            id,
            token_hash: hashOf(token),
            code_tag: keyring.tag(codeText(id, code)),
            code_tries: 0,
            browser_hash: hashOf(browser),
            address_tag: addressTag,
            details_sealed: columns.seal(id, 'details', JSON.stringify({ address, device, linkTo })),
            return_path: returnPath,
            created_at: db.now(),
            ends_at: sql<number>`${db.now()} + ${sql.val(emailLinkLifetime)}`,
            token_sealed: isAllowed ? tokenSealed : null,
            next_attempt_at: db.now(),
            attempts: 0,
            unfinished: 0,
            lease_token: null,
            lease_until: null,
            traceparent: trace ? formatTraceparent(trace) : null,
            message_sealed: null,
          })
          .execute();
      });
    },

    async find(token, browser) {
      const db = await open();
      const row = await db.queries
        .selectFrom('email_sign_in')
        .select(['id', 'details_sealed', 'browser_hash'])
        .where('token_hash', '=', hashOf(token))
        .where('ends_at', '>', db.now())
        .where('code_tries', '<', emailCodeTries)
        .executeTakeFirst();
      const details = row && columns.detailsOf(row);
      return (
        details && {
          isOwn: browser !== undefined && row.browser_hash === hashOf(browser),
          links: details.linkTo !== undefined,
        }
      );
    },

    async pending(browser) {
      const db = await open();
      const row = await db.queries
        .selectFrom('email_sign_in')
        .select(['id', 'details_sealed', 'code_tries', 'ends_at'])
        .where('id', '=', newestOf(db.queries, db, browser))
        .where('code_tries', '<', emailCodeTries)
        .executeTakeFirst();
      const details = row && columns.detailsOf(row);
      return (
        details && {
          address: details.address,
          triesLeft: emailCodeTries - row.code_tries,
          endsAt: row.ends_at,
          links: details.linkTo !== undefined,
        }
      );
    },

    async takeByToken(token, browser) {
      const db = await open();
      const row = await db.write((queries) =>
        queries
          .deleteFrom('email_sign_in')
          .where('token_hash', '=', hashOf(token))
          .where('browser_hash', '=', hashOf(browser))
          .where('ends_at', '>', db.now())
          .where('code_tries', '<', emailCodeTries)
          .returning([...takenColumns, db.now().as('now')])
          .executeTakeFirst(),
      );
      return toConfirmed(row);
    },

    async takeByCode(code, browser) {
      const db = await open();
      // Counted before it is compared, so that no two tries at once count as one.
      const tried = await db.write((queries) =>
        queries
          .updateTable('email_sign_in')
          .set((eb) => ({ code_tries: eb('code_tries', '+', 1) }))
          .where('id', '=', newestOf(queries, db, browser))
          .where('code_tries', '<', emailCodeTries)
          .returning(['id', 'code_tag'])
          .executeTakeFirst(),
      );
      if (!tried) return undefined;
      if (!keyring.hasTag(codeText(tried.id, code), tried.code_tag)) return 'wrong_code';
      const row = await db.write((queries) =>
        queries
          .deleteFrom('email_sign_in')
          .where('id', '=', tried.id)
          .returning([...takenColumns, db.now().as('now')])
          .executeTakeFirst(),
      );
      return toConfirmed(row);
    },

    async sweep() {
      const db = await open();
      await db.write((queries) =>
        queries.deleteFrom('email_sign_in').where('ends_at', '<=', db.now()).execute(),
      );
    },
  };
}
