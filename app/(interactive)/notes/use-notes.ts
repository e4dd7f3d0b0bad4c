import { useRef } from 'react';
import { trpc } from '#client/trpc.ts';

/** Ids of notes that are not stored yet begin with it. */
const pendingPrefix = 'pending-';

export const isPending = ({ id }: { id: string }): boolean => id.startsWith(pendingPrefix);

/**
 * Lists and adds the notes of the signed-in user. A new note is shown before it is stored, and removed if that fails.
 *
 * @param onFailed called with the text of a note that could not be stored
 */
export function useNotes(onFailed: (text: string) => void) {
  const { list } = trpc.useUtils().proxy.notes;
  const stored = trpc.proxy.notes.list.useQuery({}, { refetchOnWindowFocus: true });
  const added = useRef(0);
  type Notes = NonNullable<typeof stored.data>['data']['notes'];

  function change(apply: (notes: Notes) => Notes): void {
    list.setData({}, (current) => current && { ...current, data: { notes: apply(current.data.notes) } });
  }

  const add = trpc.proxy.notes.add.useMutation({
    async onMutate({ body: { text } }) {
      const id = `${pendingPrefix}${++added.current}`;
      // A list that was requested before would not have the note.
      if (list.getData({})) await list.cancel({});
      change((notes) => [{ id, text, createdAt: '' }, ...notes]);
      return { id };
    },
    onSuccess({ data: note }, _input, { id }) {
      change((notes) => [note, ...notes.filter((each) => each.id !== id && each.id !== note.id)]);
      if (!list.getData({})) void list.invalidate();
    },
    onError(_error, { body }, context) {
      change((notes) => notes.filter(({ id }) => id !== context?.id));
      onFailed(body.text);
    },
  });

  return { stored, add };
}
