'use client';

import { type ReactNode, useId, useState } from 'react';
import { useForm } from 'react-hook-form';
import { Failure } from '#app/_components/failure.tsx';
import { toFailure } from '#app/_lib/to-failure.ts';
import { useHydrated } from '#app/_lib/use-hydrated.ts';
import { errorData } from '#client/errors.ts';
import { trpc } from '#client/trpc.ts';
import { type ContactValues, contactFields, contactRules } from './contact-fields.ts';
import { DeliveryState } from './delivery-state.tsx';

/**
 * The contact form. It calls the typed hook, or posts a plain form without JavaScript. A field is validated when it
 * loses focus and then on each change; the server validates everything again.
 *
 * @param shownAt time at which the page was rendered, in milliseconds since the epoch
 * @param firstKey idempotency key from the server, so that a double click without JavaScript also sends one mail
 */
export function ContactForm({ firstKey, shownAt }: { firstKey: string; shownAt: number }) {
  const [key, setKey] = useState(firstKey);
  const hydrated = useHydrated();
  const send = trpc.email.send.useMutation();
  const form = useForm<ContactValues>({ mode: 'onTouched' });
  const { errors } = form.formState;

  async function submit({ name, subject, leaveEmpty, ...required }: ContactValues): Promise<void> {
    if (send.isPending) return;
    try {
      await send.mutateAsync({
        ...required,
        idempotencyKey: key,
        shownAt,
        ...(name ? { name } : {}),
        ...(subject ? { subject } : {}),
        ...(leaveEmpty ? { leaveEmpty } : {}),
      });
    } catch (error) {
      showFieldErrors(error);
      return;
    }
    form.reset();
    setKey(crypto.randomUUID());
  }

  /** Errors without a field are shown from the mutation's state. */
  function showFieldErrors(error: unknown): void {
    const { fieldErrors = {} } = errorData(error) ?? {};
    for (const field of contactFields) {
      const message = fieldErrors[field]?.join(' ');
      if (message) form.setError(field, { message }, { shouldFocus: true });
    }
  }

  const contentsLength = form.watch('contents')?.length ?? 0;
  const hasFieldErrors = contactFields.some((field) => errors[field]);

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
      {/* Only bots fill it in. Browsers do not autofill fields that are not rendered, nor fields of this name. */}
      <div hidden>
        <label>
          Leave this empty
          <input {...form.register('leaveEmpty')} autoComplete="off" data-1p-ignore data-lpignore="true" />
        </label>
      </div>
      <Field label="Your email address" error={errors.email?.message}>
        {(control) => (
          <input
            {...control}
            {...form.register('email', contactRules.email)}
            type="email"
            autoComplete="email"
            required
          />
        )}
      </Field>
      <Field label="Your name (optional)" error={errors.name?.message}>
        {(control) => (
          <input {...control} {...form.register('name', contactRules.name)} autoComplete="name" />
        )}
      </Field>
      <Field label="Subject (optional)" error={errors.subject?.message}>
        {(control) => <input {...control} {...form.register('subject', contactRules.subject)} />}
      </Field>
      <Field
        label="Message"
        error={errors.contents?.message}
        hint={`${contentsLength.toLocaleString('en')} of ${contactRules.contents.maxLength.value.toLocaleString('en')} characters`}
      >
        {(control) => (
          <textarea {...control} {...form.register('contents', contactRules.contents)} rows={7} required />
        )}
      </Field>
      {send.error && !hasFieldErrors && <Failure {...toFailure(send.error)} />}
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
        <p id={`${id}-error`} role="alert" className="text-error">
          {error}
        </p>
      )}
    </div>
  );
}
