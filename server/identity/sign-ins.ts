import { sql } from 'kysely';
import { z } from 'zod';
import { limits } from '../config/limits.ts';
import type { Database } from '../storage/database.ts';
import type { Keyring } from './keyring.ts';
import { hashOf } from './session-token.ts';

const { signInLifetime, signInsPerBrowser } = limits.identity;

/** Format of the binding cookie. */
export const browserFormat = /^[\w-]{43}$/;

/** A sign-in that has begun, with the values that the provider's response must match. */
export type SignIn = {
  state: string;
  nonce: string;
  codeVerifier: string;
  /** The page to return to. */
  returnPath: string;
  /** True if the user must prove who they are again, although the provider may have a session. */
  isFresh: boolean;
  /** The session that the browser had: the callback comes from another site, so it does not carry its cookie. */
  previous: { id: string; userId: string } | null;
  /** True if it links the identity to the user of `previous`. */
  links: boolean;
};

/** A sign-in that has begun. `beganAt`: milliseconds since the epoch, by the database's clock. */
export type BegunSignIn = SignIn & { browserHash: string; beganAt: number };

/** Sign-ins that have begun, each bound to the browser that began it. */
export type SignIns = {
  /** @param browser secret that only this browser holds */
  add(signIn: SignIn, browser: string): Promise<void>;
  /**
   * Returns and removes the sign-in with this state. @returns undefined if there is none, or if another browser began it
   */
  take(state: string, browser: string): Promise<BegunSignIn | undefined>;
  /** Deletes sign-ins that were never finished. */
  sweep(): Promise<void>;
};

const secretsSchema = z.object({
  nonce: z.string(),
  codeVerifier: z.string(),
  previous: z.object({ id: z.string(), userId: z.string() }).nullable(),
  links: z.boolean().default(false),
});

export function createSignIns(open: () => Promise<Database>, keyring: Keyring): SignIns {
  const placeOf = (stateHash: string) => `sign_in secrets ${stateHash}`;

  return {
    async add({ state, returnPath, isFresh, ...secrets }, browser) {
      const db = await open();
      const stateHash = hashOf(state);
      const browserHash = hashOf(browser);
      await db.write(async (queries) => {
        const unfinished = await queries
          .selectFrom('sign_in')
          .select('state_hash')
          .where('browser_hash', '=', browserHash)
          .orderBy('created_at', 'desc')
          .execute();
        const surplus = unfinished.slice(signInsPerBrowser - 1).map((row) => row.state_hash);
        if (surplus.length > 0) {
          await queries.deleteFrom('sign_in').where('state_hash', 'in', surplus).execute();
        }
        await queries
          .insertInto('sign_in')
          .values({
            state_hash: stateHash,
            browser_hash: browserHash,
            secrets_sealed: keyring.seal(JSON.stringify(secrets), placeOf(stateHash)),
            return_path: returnPath,
            fresh: isFresh ? 1 : 0,
            created_at: db.now(),
            ends_at: sql<number>`${db.now()} + ${sql.val(signInLifetime)}`,
          })
          .execute();
      });
    },

    async take(state, browser) {
      const db = await open();
      const [stateHash, browserHash] = [hashOf(state), hashOf(browser)];
      const row = await db.write((queries) =>
        queries
          .deleteFrom('sign_in')
          .where('state_hash', '=', stateHash)
          .where('browser_hash', '=', browserHash)
          .where('ends_at', '>', db.now())
          .returning(['secrets_sealed', 'return_path', 'fresh', 'created_at'])
          .executeTakeFirst(),
      );
      if (!row) return undefined;
      const secrets = keyring.open(row.secrets_sealed, placeOf(stateHash));
      if (secrets === undefined) return undefined;
      return {
        state,
        ...secretsSchema.parse(JSON.parse(secrets)),
        returnPath: row.return_path,
        isFresh: row.fresh === 1,
        browserHash,
        beganAt: row.created_at,
      };
    },

    async sweep() {
      const db = await open();
      await db.write((queries) => queries.deleteFrom('sign_in').where('ends_at', '<=', db.now()).execute());
    },
  };
}
