'use client';

import { type ReactNode, useId, useState } from 'react';
import { useForm } from 'react-hook-form';
import { Failure } from '#app/_components/failure.tsx';
import { toFailure } from '#app/_lib/to-failure.ts';
import { useHydrated } from '#app/_lib/use-hydrated.ts';
import { errorData } from '#client/errors.ts';
import { trpc } from '#client/trpc.ts';
import { DeliveryState } from './delivery-state.tsx';
import { type Letter, letterFields, letterRules } from './letter.ts';

/**
 * Posts plainly without JavaScript, through the typed hook with it. What is wrong with a field is told once it was
 * left, then as it is mended; the server has the last word.
 *
 * @param shownAt when the page was rendered, in milliseconds since the epoch
 * @param firstKey made on the server, so that a double click without JavaScript sends one mail too
 */
export function ContactForm({ firstKey, shownAt }: { firstKey: string; shownAt: number }) {
  const [key, setKey] = useState(firstKey);
  const hydrated = useHydrated();
  const send = trpc.email.send.useMutation();
  const form = useForm<Letter>({ mode: 'onTouched' });
  const { errors } = form.formState;

  async function submit({ name, subject, ...letter }: Letter): Promise<void> {
    if (send.isPending) return;
    try {
      await send.mutateAsync({
        ...letter,
        idempotencyKey: key,
        shownAt,
        ...(name ? { name } : {}),
        ...(subject ? { subject } : {}),
      });
    } catch (error) {
      showAtFields(error);
      return;
    }
    form.reset();
    setKey(crypto.randomUUID());
  }

  /** What is not about a field is shown from the mutation's state. */
  function showAtFields(error: unknown): void {
    const { fieldErrors = {} } = errorData(error) ?? {};
    for (const field of letterFields) {
      const message = fieldErrors[field]?.join(' ');
      if (message) form.setError(field, { message }, { shouldFocus: true });
    }
  }

  const written = form.watch('contents')?.length ?? 0;
  const isAboutFields = letterFields.some((field) => errors[field]);

  return (
    <form
      method="post"
      action="/contact/send"
      encType="multipart/form-data"
      className="space-y-4"
      noValidate={hydrated}
      onSubmit={form.handleSubmit(submit)}
    >
      <input type="hidden" name="idempotencyKey" value={key} readOnly />
      <input type="hidden" name="shownAt" value={shownAt} readOnly />
      {/* Programs fill in what they find; people neither see nor reach it. */}
      <div className="absolute -left-[9999px]" aria-hidden="true">
        <label>
          Leave this empty
          <input {...form.register('website')} tabIndex={-1} autoComplete="off" />
        </label>
      </div>
      <Field label="Your email address" error={errors.email?.message}>
        {(control) => (
          <input
            {...control}
            {...form.register('email', letterRules.email)}
            type="email"
            autoComplete="email"
            required
          />
        )}
      </Field>
      <Field label="Your name (optional)" error={errors.name?.message}>
        {(control) => <input {...control} {...form.register('name', letterRules.name)} autoComplete="name" />}
      </Field>
      <Field label="Subject (optional)" error={errors.subject?.message}>
        {(control) => <input {...control} {...form.register('subject', letterRules.subject)} />}
      </Field>
      <Field
        label="Message"
        error={errors.contents?.message}
        hint={`${written.toLocaleString('en')} of ${letterRules.contents.maxLength.value.toLocaleString('en')} characters`}
      >
        {(control) => (
          <textarea {...control} {...form.register('contents', letterRules.contents)} rows={7} required />
        )}
      </Field>
      {send.error && !isAboutFields && <Failure {...toFailure(send.error)} />}
      <button type="submit" className="button" disabled={send.isPending}>
        {send.isPending ? 'Sending…' : 'Send'}
      </button>
      {send.data && <DeliveryState id={send.data.id} />}
    </form>
  );
}

type ControlProps = {
  id: string;
  className: string;
  'aria-invalid': boolean;
  'aria-describedby': string | undefined;
};

function Field(props: {
  label: string;
  error: string | undefined;
  hint?: string;
  children: (control: ControlProps) => ReactNode;
}) {
  const { label, error, hint, children } = props;
  const id = useId();
  return (
    <div className="space-y-1">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <label htmlFor={id} className="font-medium">
          {label}
        </label>
        {hint && <span className="text-muted text-sm tabular-nums">{hint}</span>}
      </div>
      {children({
        id,
        className: 'field',
        'aria-invalid': error !== undefined,
        'aria-describedby': error ? `${id}-error` : undefined,
      })}
      {error && (
        <p id={`${id}-error`} role="alert" className="text-warn">
          {error}
        </p>
      )}
    </div>
  );
}
