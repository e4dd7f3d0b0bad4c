import { userForm } from '#app/_lib/user-form.ts';
import { services } from '#server/services.ts';

/** Handles the forms that delete one mail of the inbox, or all. */
export const POST = userForm(
  {
    route: '/inbox/delete',
    page: '/inbox',
    fields: ['id', 'all'],
    isOffered: () => services().mail.inbox !== null,
  },
  async ({ id, all }) => {
    if (id === undefined && all === undefined) return 'deleted=0';
    const deleted = await services().mail.inbox?.remove(all === undefined ? id : undefined);
    return `deleted=${deleted ?? 0}`;
  },
);
