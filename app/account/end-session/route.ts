import { api } from '#app/_lib/api.ts';
import { accountForm } from '../account-form.ts';

/** Handles the form that ends one session. */
export const POST = accountForm('/account/end-session', ['id'], async ({ id = '' }) => {
  await api.session.revoke({ id });
  return 'ended=1';
});
