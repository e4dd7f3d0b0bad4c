'use client';

import { type FormEvent, useState } from 'react';
import { Failure, type FailureProps } from '#app/_components/failure.tsx';
import { ServiceKeyField } from '#app/_components/service-key-field.tsx';
import { toFailure } from '#app/_lib/to-failure.ts';
import { observeCall } from '#client/observed-call.ts';
import { FieldControl } from './field-control.tsx';
import { formFieldsOf, inputOf, serviceKeyName, serviceKeyOf } from './form-fields.ts';
import type { ListedEndpoint } from './listed-endpoint.ts';

type Outcome = { response: unknown } | { failure: Pick<FailureProps, 'message' | 'data'> };

/** A form, generated from the endpoint's JSON Schema, that calls its procedure. */
export function CallForm({ endpoint, ready }: { endpoint: ListedEndpoint; ready: boolean }) {
  const [pending, setPending] = useState(false);
  const [outcome, setOutcome] = useState<Outcome>();
  const fields = formFieldsOf(endpoint.input, endpoint.example);

  async function call(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setPending(true);
    const { outcome: result } = await observeCall({
      path: endpoint.path,
      type: endpoint.kind === 'query' ? 'query' : 'mutation',
      input: inputOf(fields, form),
      serviceKey: serviceKeyOf(form),
    });
    setOutcome('error' in result ? { failure: toFailure(result.error) } : { response: result.data });
    setPending(false);
  }

  return (
    <>
      <form className="grid gap-3 sm:grid-cols-2" onSubmit={(event) => void call(event)}>
        {fields.map((field) => (
          <FieldControl key={field.name} field={field} />
        ))}
        {endpoint.scope !== null && <ServiceKeyField scope={endpoint.scope} name={serviceKeyName} />}
        <div className="sm:col-span-2">
          <button type="submit" className="button" disabled={pending || !ready}>
            {pending ? 'Calling…' : 'Call'}
          </button>
        </div>
      </form>
      {/* The height is reserved from the click on, so that a late response does not shift the layout. */}
      <div aria-live="polite" aria-busy={pending} className={pending || outcome ? 'min-h-64' : undefined}>
        {pending && !outcome && (
          <div className="skeleton h-64 rounded-lg bg-line">
            <span className="sr-only">Waiting for the response</span>
          </div>
        )}
        {outcome && 'failure' in outcome && <Failure {...outcome.failure} />}
        {outcome && 'response' in outcome && (
          <pre className="code h-64 overflow-y-auto whitespace-pre-wrap">
            {JSON.stringify(outcome.response, null, 2)}
          </pre>
        )}
      </div>
    </>
  );
}
