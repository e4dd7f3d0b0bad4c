import { api } from '#app/_lib/api.ts';
import { userForm } from '#app/_lib/user-form.ts';

/** Handles the form that ends all other sessions. */
export const POST = userForm({ route: '/account/end-others', page: '/account', fields: [] }, async () => {
  await api.session.revokeOthers();
  return 'ended=others';
});
