import { z } from 'zod';
import { defineUpstream } from '../upstream-client/declaration.ts';

const note = z.object({
  id: z.string(),
  text: z.string(),
  createdAt: z.iso.datetime(),
});

/**
 * Notes of users, in a service of the operator that knows its users by their access tokens. Configured by `NOTES_URL`,
 * which is also the resource that the tokens are for (RFC 8707).
 */
export const notes = defineUpstream({
  name: 'notes',
  title: 'Notes',
  origin: (env) => env.NOTES_URL,
  userToken: (env) => ({
    parameter: 'resource',
    value: env.NOTES_URL ?? '',
    scopes: ['notes:read', 'notes:write'],
  }),
  internal: true,
  endpoints: {
    list: {
      method: 'GET',
      template: '/notes',
      summary: 'Lists the notes of the user',
      description: 'Returns all notes of the signed-in user, the newest first.',
      answer: { kind: 'json', schema: z.object({ notes: z.array(note) }) },
      example: {},
    },
    add: {
      method: 'POST',
      template: '/notes',
      summary: 'Adds a note of the user',
      description: 'Stores a text as a note of the signed-in user and returns the note.',
      body: z.strictObject({ text: z.string().min(1).max(1_000) }),
      answer: { kind: 'json', schema: note },
      example: { body: { text: 'Water the plants' } },
    },
  },
});
