import type { AllowedAddresses } from '../config/env-formats.ts';
import { isAppError } from '../errors.ts';
import { storageErrorsAs } from '../storage/storage-errors.ts';
import { isAllowed } from './email-address.ts';
import type { ConfirmedEmail, EmailSignIns, PendingEmail } from './email-sign-ins.ts';
import { type LinkingSession, type LinkOutcome, linkedPath } from './linked-identities.ts';
import { returnPathOf } from './return-path.ts';
import { randomSecret } from './session-token.ts';
import { codeOf, typedCodeOf } from './sign-in-mail.ts';
import { browserFormat } from './sign-ins.ts';

/** Proof that a user reads the mail: the token of its link, or the code as the user typed it. */
type EmailProof = { token: string } | { code: string };

type ConfirmedSignIn =
  | { kind: 'signed_in'; cookie: string; lifetime: number; returnPath: string }
  /** The address was to be added to an account. The session of the browser stays as it is. */
  | { kind: 'linked'; returnPath: string }
  /** The sign-in goes on: the user may try another code. */
  | { kind: 'wrong_code' }
  /** The link or the code was used, is too old, or is that of an earlier mail or of another browser. */
  | { kind: 'over' };

/** Sign-in by mail. Calls throw `AppError('identity_unavailable')` while the database is down. */
export type EmailSignIn = {
  /**
   * Sends a mail with a link and a code, if the address may sign in. Does the same work if it may not.
   *
   * @param options.address as `normalAddressOf` returns it
   * @param options.browser value of the browser's binding cookie
   * @param options.linkTo the session to whose user the address is added, instead of a sign-in: see `linkIdentity`
   * @returns the value of the binding cookie
   */
  ask(options: {
    address: string;
    returnTo: string | undefined;
    device: string;
    browser: string | undefined;
    linkTo?: LinkingSession | undefined;
  }): Promise<{ browser: string }>;
  /**
   * Looks at the link of a mail without using it. A browser that did not ask gets the code for the one that did.
   *
   * @returns undefined if the link cannot be used any more
   */
  look(
    token: string,
    browser: string | undefined,
  ): Promise<({ links: boolean } & ({ kind: 'own' } | { kind: 'other'; code: string })) | undefined>;
  /** Returns what the browser is waiting for, if it has asked for a mail. */
  pending(browser: string | undefined): Promise<PendingEmail | undefined>;
  /**
   * Finishes a sign-in, in the browser that asked for the mail. The session that the browser had ends.
   *
   * @param options.session value of its session cookie
   * @throws AppError `sign_in_denied` if the user is disabled
   */
  confirm(options: {
    proof: EmailProof;
    browser: string | undefined;
    session: string | undefined;
    device: string;
  }): Promise<ConfirmedSignIn>;
};

const tokenFormat = /^[\w-]{43}$/;

const withStorageErrors = storageErrorsAs('identity_unavailable');

export function createEmailSignIn(options: {
  signIns: EmailSignIns;
  allowed: AllowedAddresses;
  siteUrl: string;
  /** Makes the mail service send the mails that are due. */
  wakeDelivery: () => void;
  beginSession: (
    confirmed: ConfirmedEmail,
    browser: { session: string | undefined; device: string },
  ) => Promise<{ cookie: string; lifetime: number }>;
  /** Adds a confirmed address to the account of a session. @returns undefined if it is not the session of the browser */
  linkAddress: (
    address: string,
    linkTo: LinkingSession,
    browser: { session: string | undefined; device: string },
  ) => Promise<LinkOutcome | undefined>;
  record: (outcome: 'ok' | 'denied' | 'failed' | 'unavailable') => void;
}): EmailSignIn {
  const { signIns, allowed, siteUrl, wakeDelivery, beginSession, linkAddress, record } = options;
  const boundTo = (browser: string | undefined) =>
    browser !== undefined && browserFormat.test(browser) ? browser : undefined;

  async function take(
    proof: EmailProof,
    browser: string,
  ): Promise<ConfirmedEmail | 'wrong_code' | undefined> {
    if ('token' in proof) {
      return tokenFormat.test(proof.token) ? signIns.takeByToken(proof.token, browser) : undefined;
    }
    const code = typedCodeOf(proof.code);
    // A text that cannot be a code costs no try.
    if (code === undefined) return (await signIns.pending(browser)) && 'wrong_code';
    return signIns.takeByCode(code, browser);
  }

  return {
    async ask({ address, returnTo, device, browser, linkTo }) {
      const binding = boundTo(browser) ?? randomSecret();
      const returnPath = returnPathOf(returnTo, siteUrl);
      const signIn = { address, isAllowed: isAllowed(address, allowed), device, returnPath, linkTo };
      await withStorageErrors(() => signIns.add(signIn, binding));
      wakeDelivery();
      return { browser: binding };
    },

    async look(token, browser) {
      if (!tokenFormat.test(token)) return undefined;
      const found = await withStorageErrors(() => signIns.find(token, boundTo(browser)));
      if (!found) return undefined;
      const { isOwn, links } = found;
      return { links, ...(isOwn ? { kind: 'own' } : { kind: 'other', code: codeOf(token) }) };
    },

    async pending(browser) {
      const binding = boundTo(browser);
      return binding === undefined ? undefined : withStorageErrors(() => signIns.pending(binding));
    },

    async confirm({ proof, browser, ...opened }) {
      try {
        return await withStorageErrors(async () => {
          const binding = boundTo(browser);
          const confirmed = binding === undefined ? undefined : await take(proof, binding);
          // The setting may have changed since the mail was sent.
          if (!confirmed || (confirmed !== 'wrong_code' && !isAllowed(confirmed.address, allowed))) {
            record('failed');
            return { kind: 'over' };
          }
          if (confirmed === 'wrong_code') {
            record('failed');
            return { kind: 'wrong_code' };
          }
          const { address, returnPath, linkTo } = confirmed;
          if (linkTo) {
            const outcome = await linkAddress(address, linkTo, opened);
            record(outcome === 'linked' || outcome === 'known' ? 'ok' : 'failed');
            if (outcome === undefined) return { kind: 'over' };
            return { kind: 'linked', returnPath: linkedPath(returnPath, outcome) };
          }
          const session = await beginSession(confirmed, opened);
          record('ok');
          return { kind: 'signed_in', ...session, returnPath };
        });
      } catch (error) {
        if (isAppError(error)) record(error.reason === 'sign_in_denied' ? 'denied' : 'unavailable');
        throw error;
      }
    },
  };
}
