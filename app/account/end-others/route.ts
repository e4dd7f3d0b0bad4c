import { api } from '#app/_lib/api.ts';
import { accountForm } from '../account-form.ts';

/** Handles the form that ends all other sessions. */
export const POST = accountForm('/account/end-others', [], async () => {
  await api.session.revokeOthers();
  return 'ended=others';
});
