import { api } from '#app/_lib/api.ts';
import { userForm } from '#app/_lib/user-form.ts';
import { areNotesOffered } from '../offered.ts';

/** Handles the form that adds a note, without JavaScript. */
export const POST = userForm(
  { route: '/notes/add', page: '/notes', fields: ['text'], isOffered: areNotesOffered },
  async ({ text = '' }) => {
    await api.proxy.notes.add({ body: { text } });
    return 'added=1';
  },
);
