import { api } from '#app/_lib/api.ts';
import { userForm } from '#app/_lib/user-form.ts';

/** Handles the form that ends one session. */
export const POST = userForm(
  { route: '/account/end-session', page: '/account', fields: ['id'] },
  async ({ id = '' }) => {
    await api.session.revoke({ id });
    return 'ended=1';
  },
);
