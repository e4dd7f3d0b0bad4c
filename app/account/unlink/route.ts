import { api } from '#app/_lib/api.ts';
import { userForm } from '#app/_lib/user-form.ts';

/** Handles the form that removes a way to sign in. */
export const POST = userForm(
  { route: '/account/unlink', page: '/account', fields: ['issuer', 'subject'] },
  async ({ issuer = '', subject = '' }) => {
    const { outcome } = await api.account.identities.unlink({ issuer, subject });
    return `unlinked=${outcome}`;
  },
);
