'use client';

import { type FormEvent, type ReactNode, useId, useState } from 'react';
import { Failure } from '#app/_components/failure.tsx';
import { failureOf } from '#app/_components/failure-of.ts';
import { errorData } from '#client/errors.ts';
import { trpc } from '#client/trpc.ts';
import { DeliveryState } from './delivery-state.tsx';

/**
 * Posts plainly without JavaScript, through the typed hook with it.
 *
 * @param shownAt when the page was rendered, in milliseconds since the epoch
 * @param firstKey made on the server, so that a double click without JavaScript sends one mail too
 */
export function ContactForm({ firstKey, shownAt }: { firstKey: string; shownAt: number }) {
  const [key, setKey] = useState(firstKey);
  const send = trpc.email.send.useMutation();
  const fieldErrors = send.error ? (errorData(send.error)?.fieldErrors ?? {}) : {};

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    if (send.isPending) return;
    const form = event.currentTarget;
    const fields = new FormData(form);
    const text = (name: string) => String(fields.get(name) ?? '');
    await send.mutateAsync({
      email: text('email'),
      contents: text('contents'),
      idempotencyKey: key,
      shownAt,
      website: text('website'),
      ...(text('name') ? { name: text('name') } : {}),
      ...(text('subject') ? { subject: text('subject') } : {}),
    });
    form.reset();
    setKey(crypto.randomUUID());
  }

  return (
    <form
      method="post"
      action="/contact/send"
      encType="multipart/form-data"
      className="space-y-4"
      // The outcome of a failed call is shown from the mutation's state.
      onSubmit={(event) => void submit(event).catch(() => {})}
    >
      <input type="hidden" name="idempotencyKey" value={key} readOnly />
      <input type="hidden" name="shownAt" value={shownAt} readOnly />
      {/* Programs fill in what they find; people neither see nor reach it. */}
      <div className="absolute -left-[9999px]" aria-hidden="true">
        <label>
          Leave this empty
          <input name="website" tabIndex={-1} autoComplete="off" />
        </label>
      </div>
      <Field label="Your email address" name="email" errors={fieldErrors.email}>
        {(props) => <input {...props} type="email" autoComplete="email" maxLength={254} required />}
      </Field>
      <Field label="Your name (optional)" name="name" errors={fieldErrors.name}>
        {(props) => <input {...props} autoComplete="name" maxLength={100} />}
      </Field>
      <Field label="Subject (optional)" name="subject" errors={fieldErrors.subject}>
        {(props) => <input {...props} maxLength={150} />}
      </Field>
      <Field label="Message" name="contents" errors={fieldErrors.contents}>
        {(props) => <textarea {...props} rows={7} maxLength={5000} required />}
      </Field>
      {send.error && Object.keys(fieldErrors).length === 0 && <Failure {...failureOf(send.error)} />}
      <button type="submit" className="button" disabled={send.isPending}>
        {send.isPending ? 'Sending…' : 'Send'}
      </button>
      {send.data && <DeliveryState id={send.data.id} />}
    </form>
  );
}

type ControlProps = {
  id: string;
  name: string;
  className: string;
  'aria-invalid': boolean;
  'aria-describedby': string | undefined;
};

function Field(props: {
  label: string;
  name: string;
  errors: string[] | undefined;
  children: (control: ControlProps) => ReactNode;
}) {
  const { label, name, errors, children } = props;
  const id = useId();
  return (
    <div className="space-y-1">
      <label htmlFor={id} className="block font-medium">
        {label}
      </label>
      {children({
        id,
        name,
        className: 'field',
        'aria-invalid': errors !== undefined,
        'aria-describedby': errors ? `${id}-error` : undefined,
      })}
      {errors && (
        <p id={`${id}-error`} role="alert" className="text-warn">
          {errors.join(' ')}
        </p>
      )}
    </div>
  );
}
